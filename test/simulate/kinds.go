// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"slices"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// kind is that of an object.
type kind string

const (
	orders   kind = "Order"
	products kind = "Product"
	gateways kind = "PaymentGateway"
	carriers kind = "Carrier"
)

// behaviour is what the API server has to know of a kind.
type behaviour struct {
	zero      func() client.Object
	setStatus func(to, from client.Object)
	sameSpec  func(a, b client.Object) bool
	read      func(to, from client.Object)
}

//nolint:forcetypeassert // the kind of an object is told by its type
var kinds = map[kind]behaviour{
	orders: {
		zero: func() client.Object { return &commercev1.Order{} },
		setStatus: func(to, from client.Object) {
			from.(*commercev1.Order).Status.DeepCopyInto(&to.(*commercev1.Order).Status)
		},
		sameSpec: func(a, b client.Object) bool {
			return apiequality.Semantic.DeepEqual(&a.(*commercev1.Order).Spec, &b.(*commercev1.Order).Spec)
		},
		read: func(to, from client.Object) { from.(*commercev1.Order).DeepCopyInto(to.(*commercev1.Order)) },
	},
	products: {
		zero: func() client.Object { return &commercev1.Product{} },
		setStatus: func(to, from client.Object) {
			from.(*commercev1.Product).Status.DeepCopyInto(&to.(*commercev1.Product).Status)
		},
		sameSpec: func(a, b client.Object) bool {
			return apiequality.Semantic.DeepEqual(&a.(*commercev1.Product).Spec, &b.(*commercev1.Product).Spec)
		},
		read: func(to, from client.Object) { from.(*commercev1.Product).DeepCopyInto(to.(*commercev1.Product)) },
	},
	gateways: {
		zero: func() client.Object { return &commercev1.PaymentGateway{} },
		setStatus: func(to, from client.Object) {
			from.(*commercev1.PaymentGateway).Status.DeepCopyInto(&to.(*commercev1.PaymentGateway).Status)
		},
		sameSpec: func(a, b client.Object) bool {
			return apiequality.Semantic.DeepEqual(&a.(*commercev1.PaymentGateway).Spec, &b.(*commercev1.PaymentGateway).Spec)
		},
		read: func(to, from client.Object) {
			from.(*commercev1.PaymentGateway).DeepCopyInto(to.(*commercev1.PaymentGateway))
		},
	},
	carriers: {
		zero: func() client.Object { return &commercev1.Carrier{} },
		setStatus: func(to, from client.Object) {
			from.(*commercev1.Carrier).Status.DeepCopyInto(&to.(*commercev1.Carrier).Status)
		},
		sameSpec: func(a, b client.Object) bool {
			return apiequality.Semantic.DeepEqual(&a.(*commercev1.Carrier).Spec, &b.(*commercev1.Carrier).Spec)
		},
		read: func(to, from client.Object) { from.(*commercev1.Carrier).DeepCopyInto(to.(*commercev1.Carrier)) },
	},
}

// allKinds are the kinds in a fixed order.
var allKinds = []kind{orders, products, gateways, carriers}

func kindOf(object client.Object) kind {
	switch object.(type) {
	case *commercev1.Order:
		return orders
	case *commercev1.Product:
		return products
	case *commercev1.PaymentGateway:
		return gateways
	case *commercev1.Carrier:
		return carriers
	}
	return ""
}

func (k kind) resource() schema.GroupResource {
	return schema.GroupResource{Group: commercev1.GroupVersion.Group, Resource: string(k)}
}

func requestOf(name types.NamespacedName) reconcile.Request {
	return reconcile.Request{NamespacedName: name}
}

// setDefaults does what the API server does with the defaults of the schemas.
func setDefaults(object client.Object) {
	pending := []metav1.Condition{{
		Type: commercev1.ConditionReady, Status: metav1.ConditionUnknown, Reason: "Pending", Message: "Waiting for the controller",
		LastTransitionTime: metav1.NewTime(time.Unix(0, 0).UTC()),
	}}
	switch o := object.(type) {
	case *commercev1.Order:
		o.Spec.Attempt = max(o.Spec.Attempt, 1)
		if o.Spec.Payment.CaptureMode == "" {
			o.Spec.Payment.CaptureMode = commercev1.CaptureImmediate
		}
		o.Status = commercev1.OrderStatus{Conditions: pending}
	case *commercev1.Product:
		o.Status = commercev1.ProductStatus{Conditions: pending}
	case *commercev1.PaymentGateway:
		o.Status = commercev1.PaymentGatewayStatus{Conditions: pending}
	case *commercev1.Carrier:
		o.Status = commercev1.CarrierStatus{Conditions: pending}
	}
}

// forbidden returns why an update is refused, empty if it is not: the transition rules of the schemas that a status or
// a verb may meet.
func forbidden(stored, updated client.Object) string {
	switch now := updated.(type) {
	case *commercev1.Order:
		before := stored.(*commercev1.Order) //nolint:forcetypeassert // an update keeps the kind
		if message := wentBack(before.Status.History, now.Status.History); message != "" {
			return message
		}
		return forbiddenVerb(before, now)
	case *commercev1.Product:
		before := stored.(*commercev1.Product) //nolint:forcetypeassert // an update keeps the kind
		return wentBack(before.Status.History, now.Status.History)
	}
	return ""
}

// wentBack is the rule on status.history.
func wentBack(before, now commercev1.History) string {
	none := commercev1.History{}
	switch {
	case before == none:
		return ""
	case now == none:
		return "history can't be removed once it is set"
	case now.StoreID != before.StoreID, now.Epoch > before.Epoch, now.Epoch == before.Epoch && now.Position >= before.Position:
		return ""
	}
	return "history must not go back within one store"
}

func forbiddenVerb(before, now *commercev1.Order) string {
	ended := []commercev1.OrderOutcome{commercev1.OutcomeCancelled, commercev1.OutcomeRejected}
	raised := now.Spec.Attempt > before.Spec.Attempt
	switch {
	case now.Spec.Attempt < before.Spec.Attempt:
		return "attempt only rises"
	case raised && !slices.Contains(ended, before.Status.Outcome):
		return "attempt can only be raised once status.outcome is Cancelled or Rejected"
	case raised && (now.Spec.Cancellation != "" || now.Spec.Resolution != commercev1.OrderResolution{}):
		return "the update that raises attempt must leave cancellation and resolution out"
	case before.Spec.Cancellation != "" && now.Spec.Cancellation == "" && !raised:
		return "a cancellation can't be withdrawn"
	case before.Spec.Cancellation == "" && now.Spec.Cancellation != "" && before.Status.Outcome != "":
		return "the order has ended and can't be cancelled any more"
	}
	return ""
}
