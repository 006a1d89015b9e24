// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package shipping

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/kube"
	"github.com/eventcore/order-operator/controllers/shipping/engine"
	"github.com/eventcore/order-operator/controllers/shipping/webhook"
)

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
	return kube.Find(kind, c.Reader, &c.providers, c.Clock(), name, c.build)
}

// Allows implements engine.Restricted. A carrier that is being deleted begins nothing new.
func (c *Carriers) Allows(name, namespace string) bool {
	return kind.Allows(c.Reader, name, namespace)
}

// WhenRenewed has told called with the name of a carrier whose provider has other credentials now. It must be called before
// the carriers are used.
func (c *Carriers) WhenRenewed(told func(name string)) { c.providers.Renewed = told }

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
