// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package shipping

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/calls/guard"
	"github.com/eventcore/order-operator/controllers/kube"
)

// Settings returns how a carrier is to be called, the defaults for one that is not there: see calls.Options. The
// reader is of the cache.
func Settings(reader client.Reader) func(name string) guard.Settings {
	return func(name string) guard.Settings {
		var carrier commercev1.Carrier
		if err := reader.Get(context.Background(), types.NamespacedName{Name: name}, &carrier); err != nil {
			return guard.Settings{}
		}
		return settings(&carrier)
	}
}

func settings(carrier *commercev1.Carrier) guard.Settings {
	spec := &carrier.Spec
	return kube.Settings(carrier, spec.TimeoutSeconds, spec.Retry, spec.CircuitBreaker, spec.Limits)
}

// Circuits returns the reconciler that shows whether the providers of Carriers are called.
func Circuits(c client.Client, engine *calls.Engine) *kube.Circuits {
	return &kube.Circuits{
		Client: c, Guards: engine.Guards(),
		Operations: map[guard.Class]string{
			guard.Acting:    commercev1.OperationCreating,
			guard.LookingUp: commercev1.OperationLookingUp,
			guard.Undoing:   commercev1.OperationCancelling,
		},
		Read: func(ctx context.Context, name string) (kube.Guarded, error) {
			var carrier commercev1.Carrier
			if err := c.Get(ctx, types.NamespacedName{Name: name}, &carrier); err != nil {
				return kube.Guarded{}, err
			}
			return kube.Guarded{
				Object: &carrier, Settings: settings(&carrier),
				Circuit: &carrier.Status.Circuit, Conditions: &carrier.Status.Conditions,
			}, nil
		},
	}
}
