// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package shipping

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/kube"
	"github.com/eventcore/order-operator/controllers/shipping/engine"
	"github.com/eventcore/order-operator/controllers/shipping/webhook"
)

// lookTimeout bounds the look at a Secret for an order's sake.
const lookTimeout = 5 * time.Second

// Carriers finds the providers of Carriers. It implements engine.Carriers and engine.Restricted. Its methods may be called
// concurrently.
type Carriers struct {
	// Reader reads Carriers from the cache.
	Reader client.Reader
	// Secrets reads the credentials of providers.
	Secrets kube.Secrets
	// Simulated is the provider of every carrier of that kind, nil if there are none.
	Simulated engine.Provider
	// Clock tells the time.
	Clock func() time.Time

	providers kube.Providers[engine.Provider]
}

var (
	_ engine.Carriers   = (*Carriers)(nil)
	_ engine.Restricted = (*Carriers)(nil)
)

// Provider implements engine.Carriers.
func (c *Carriers) Provider(name string) (engine.Provider, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	var carrier commercev1.Carrier
	if err := c.Reader.Get(ctx, types.NamespacedName{Name: name}, &carrier); err != nil {
		return nil, false
	}
	provider, err := c.providers.Get(ctx, &carrier, c.Clock(), c.build(&carrier))
	return provider, err == nil
}

// Allows implements engine.Restricted. A carrier that is being deleted begins nothing new.
func (c *Carriers) Allows(name, namespace string) bool {
	var carrier commercev1.Carrier
	if err := c.Reader.Get(context.Background(), types.NamespacedName{Name: name}, &carrier); err != nil {
		return false
	}
	allowed := carrier.Spec.AllowedNamespaces
	return carrier.DeletionTimestamp.IsZero() && (len(allowed) == 0 || slices.Contains(allowed, namespace))
}

// check fails with a *kube.NotReady if orders can't use the carrier.
func (c *Carriers) check(ctx context.Context, carrier *commercev1.Carrier) error {
	_, err := c.providers.Check(ctx, carrier, c.Clock(), c.build(carrier))
	return err
}

func (c *Carriers) build(carrier *commercev1.Carrier) kube.Build[engine.Provider] {
	spec := carrier.Spec.Provider
	return func(ctx context.Context) (engine.Provider, string, error) {
		switch {
		case spec.Webhook == nil && c.Simulated == nil:
			return nil, "", kube.NotSimulated()
		case spec.Webhook == nil:
			return c.Simulated, "", nil
		}
		options, settings, err := c.Secrets.WebhookOptions(ctx, spec.Webhook)
		if err != nil {
			return nil, "", err
		}
		provider, err := webhook.New(options)
		if err != nil {
			return nil, "", kube.Misconfigured(err)
		}
		return provider, settings, nil
	}
}
