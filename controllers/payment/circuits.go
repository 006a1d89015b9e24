// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package payment

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/calls/guard"
	"github.com/eventcore/order-operator/controllers/kube"
)

// Settings returns how a gateway is to be called, the defaults for one that is not there: see calls.Options. The
// reader is of the cache.
func Settings(reader client.Reader) func(name string) guard.Settings {
	return func(name string) guard.Settings {
		var gateway commercev1.PaymentGateway
		if err := reader.Get(context.Background(), types.NamespacedName{Name: name}, &gateway); err != nil {
			return guard.Settings{}
		}
		return settings(&gateway)
	}
}

func settings(gateway *commercev1.PaymentGateway) guard.Settings {
	spec := &gateway.Spec
	return kube.Settings(gateway, spec.TimeoutSeconds, spec.Retry, spec.CircuitBreaker, spec.Limits)
}

// Circuits returns the reconciler that shows whether the providers of PaymentGateways are called.
func Circuits(c client.Client, engine *calls.Engine) *kube.Circuits {
	return &kube.Circuits{
		Client: c, Guards: engine.Guards(),
		Operations: map[guard.Class]string{
			guard.Acting:    commercev1.OperationCharging,
			guard.LookingUp: commercev1.OperationLookingUp,
			guard.Undoing:   commercev1.OperationRefunding,
		},
		Read: func(ctx context.Context, name string) (kube.Guarded, error) {
			var gateway commercev1.PaymentGateway
			if err := c.Get(ctx, types.NamespacedName{Name: name}, &gateway); err != nil {
				return kube.Guarded{}, err
			}
			return kube.Guarded{
				Object: &gateway, Settings: settings(&gateway),
				Circuit: &gateway.Status.Circuit, Conditions: &gateway.Status.Conditions,
			}, nil
		},
	}
}
