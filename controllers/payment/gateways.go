// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package payment

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/saga"
)

// Gateways finds the providers of PaymentGateways. It implements engine.Gateways.
type Gateways struct {
	// Reader reads PaymentGateways from the cache.
	Reader client.Reader
	// Simulated is the provider of every gateway of that kind.
	Simulated engine.Provider
}

// Provider implements engine.Gateways.
func (g Gateways) Provider(name string) (engine.Provider, bool) {
	var gateway commercev1.PaymentGateway
	if err := g.Reader.Get(context.Background(), types.NamespacedName{Name: name}, &gateway); err != nil {
		return nil, false
	}
	return g.Simulated, gateway.Spec.Provider.Simulated != nil
}

// Tokens reads payment tokens from Orders. It implements engine.Tokens.
type Tokens struct {
	// Reader reads Orders from the API server: a cached one may be gone.
	Reader client.Reader
}

// Token implements engine.Tokens.
func (t Tokens) Token(ctx context.Context, id saga.OrderID, accepted func(uid string) bool) (string, bool, error) {
	var order commercev1.Order
	err := t.Reader.Get(ctx, types.NamespacedName(id), &order)
	if apierrors.IsNotFound(err) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read the payment token of order %s: %w", id, err)
	}
	if !accepted(string(order.UID)) {
		return "", false, nil
	}
	return order.Spec.Payment.Token, true, nil
}
