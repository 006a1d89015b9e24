// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package shipping

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/calls/guard"
	"github.com/eventcore/order-operator/controllers/kube"
)

// kind are the Carriers.
var kind = kube.Kind[*commercev1.Carrier]{
	New: func() *commercev1.Carrier { return &commercev1.Carrier{} },
	View: func(carrier *commercev1.Carrier) kube.View {
		spec, status := &carrier.Spec, &carrier.Status
		return kube.View{AllowedNamespaces: spec.AllowedNamespaces, Guarded: kube.Guarded{
			Object: carrier, Circuit: &status.Circuit, Conditions: &status.Conditions,
			Settings: kube.Settings(carrier, spec.TimeoutSeconds, spec.Retry, spec.CircuitBreaker, spec.Limits),
		}}
	},
}

// Settings returns how a carrier is to be called: see kube.Kind.
func Settings(reader client.Reader) func(name string) guard.Settings { return kind.Settings(reader) }

// Circuits returns the reconciler that shows whether the providers of Carriers are called.
func Circuits(c client.Client, engine *calls.Engine) *kube.Circuits {
	return kind.Circuits(c, engine.Guards(), map[guard.Class]string{
		guard.Acting:    commercev1.OperationCreating,
		guard.LookingUp: commercev1.OperationLookingUp,
		guard.Undoing:   commercev1.OperationCancelling,
	})
}
