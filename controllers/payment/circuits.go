// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package payment

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/calls/guard"
	"github.com/eventcore/order-operator/controllers/kube"
)

// kind are the PaymentGateways.
var kind = kube.Kind[*commercev1.PaymentGateway]{
	New: func() *commercev1.PaymentGateway { return &commercev1.PaymentGateway{} },
	View: func(gateway *commercev1.PaymentGateway) kube.View {
		spec, status := &gateway.Spec, &gateway.Status
		return kube.View{AllowedNamespaces: spec.AllowedNamespaces, Guarded: kube.Guarded{
			Object: gateway, Circuit: &status.Circuit, Conditions: &status.Conditions,
			Settings: kube.Settings(gateway, spec.TimeoutSeconds, spec.Retry, spec.CircuitBreaker, spec.Limits),
		}}
	},
}

// Settings returns how a gateway is to be called: see kube.Kind.
func Settings(reader client.Reader) func(name string) guard.Settings { return kind.Settings(reader) }

// Circuits returns the reconciler that shows whether the providers of PaymentGateways are called.
func Circuits(c client.Client, engine *calls.Engine) *kube.Circuits {
	return kind.Circuits(c, engine.Guards(), map[guard.Class]string{
		guard.Acting:    commercev1.OperationCharging,
		guard.LookingUp: commercev1.OperationLookingUp,
		guard.Undoing:   commercev1.OperationRefunding,
	})
}
