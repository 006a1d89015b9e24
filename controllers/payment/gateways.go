// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package payment

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/kube"
	"github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/payment/stripe"
	"github.com/eventcore/order-operator/controllers/payment/webhook"
	"github.com/eventcore/order-operator/controllers/saga"
)

// stripeKey is the key of the Secret that holds Stripe's.
const stripeKey = "secretKey"

// Gateways finds the providers of PaymentGateways. It implements engine.Gateways and engine.Restricted. Its methods may be
// called concurrently.
type Gateways struct {
	// Reader reads PaymentGateways from the cache.
	Reader client.Reader
	// Secrets reads the credentials of providers.
	Secrets kube.Secrets
	// Simulated is the provider of every gateway of that kind, nil if there are none.
	Simulated engine.Provider
	// Clock tells the time.
	Clock func() time.Time

	providers kube.Providers[engine.Provider]
}

var (
	_ engine.Gateways   = (*Gateways)(nil)
	_ engine.Restricted = (*Gateways)(nil)
)

// Provider implements engine.Gateways.
func (g *Gateways) Provider(name string) (engine.Provider, bool) {
	return kube.Find(kind, g.Reader, &g.providers, g.Clock(), name, g.build)
}

// Allows implements engine.Restricted. A gateway that is being deleted begins nothing new.
func (g *Gateways) Allows(name, namespace string) bool {
	return kind.Allows(g.Reader, name, namespace)
}

// WhenRenewed has told called with the name of a gateway whose provider has other credentials now. It must be called before
// the gateways are used.
func (g *Gateways) WhenRenewed(told func(name string)) { g.providers.Renewed = told }

// check fails with a *kube.NotReady if orders can't use the gateway.
func (g *Gateways) check(ctx context.Context, gateway *commercev1.PaymentGateway) error {
	_, err := g.providers.Check(ctx, gateway, g.Clock(), g.build(gateway))
	return err
}

func (g *Gateways) build(gateway *commercev1.PaymentGateway) kube.Build[engine.Provider] {
	spec := gateway.Spec.Provider
	return func(ctx context.Context) (engine.Provider, string, error) {
		switch {
		case spec.Webhook != nil:
			return g.webhook(ctx, spec.Webhook)
		case spec.Stripe != nil:
			return g.stripe(ctx, spec.Stripe)
		}
		if g.Simulated == nil {
			return nil, "", kube.NotSimulated()
		}
		return g.Simulated, "", nil
	}
}

func (g *Gateways) webhook(ctx context.Context, spec *commercev1.WebhookProvider) (engine.Provider, string, error) {
	options, settings, err := g.Secrets.WebhookOptions(ctx, spec)
	if err != nil {
		return nil, "", err
	}
	provider, err := webhook.New(options)
	if err != nil {
		return nil, "", kube.Misconfigured(err)
	}
	return provider, settings, nil
}

func (g *Gateways) stripe(ctx context.Context, spec *commercev1.StripeProvider) (engine.Provider, string, error) {
	settings, err := g.Secrets.Checked(ctx, spec.CredentialsSecretName, stripeKey, stripe.CheckKey)
	if err != nil {
		return nil, "", err
	}
	return stripe.New(stripe.Options{
		URL: spec.URL,
		SecretKey: func(ctx context.Context) (string, error) {
			key, err := g.Secrets.Key(ctx, spec.CredentialsSecretName, stripeKey)
			return string(key), err
		},
	}), settings, nil
}

// Tokens reads payment tokens from Orders. It implements engine.Tokens.
type Tokens struct {
	// Cached reads Orders from this process's cache; nil if it has none of them. What is in there was accepted and can't
	// have another token: see docs/adr/0006-payment-tokens-from-the-cache.md.
	Cached client.Reader
	// Reader reads Orders from the API server: an Order that the cache lacks may be there all the same.
	Reader client.Reader
	// Trust returns an error if the status of an Order tells of a history that the store does not have: nothing may be paid
	// then. nil trusts all.
	Trust func(ctx context.Context, id saga.OrderID, seen commercev1.History) error
}

// Token implements engine.Tokens.
func (t Tokens) Token(ctx context.Context, id saga.OrderID, accepted func(uid string) bool) (string, bool, error) {
	if t.Cached != nil {
		if token, present, err := t.read(ctx, t.Cached, id, accepted); err == nil && present {
			return token, true, nil
		}
	}
	return t.read(ctx, t.Reader, id, accepted)
}

func (t Tokens) read(
	ctx context.Context, from client.Reader, id saga.OrderID, accepted func(uid string) bool,
) (token string, present bool, err error) {
	var order commercev1.Order
	err = from.Get(ctx, types.NamespacedName(id), &order)
	if apierrors.IsNotFound(err) {
		return "", false, nil
	}
	if err == nil && t.Trust != nil {
		err = t.Trust(ctx, id, order.Status.History)
	}
	if err != nil {
		return "", false, fmt.Errorf("read the payment token of order %s: %w", id, err)
	}
	if !accepted(string(order.UID)) {
		return "", false, nil
	}
	return order.Spec.Payment.Token, true, nil
}
