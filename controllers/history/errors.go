// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"fmt"
	"math"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// latest is a position after all events.
const latest eventcore.Position = math.MaxInt64

var ordersHistory = schema.GroupResource{Group: historyv1.Group, Resource: historyv1.Resource}

// statusError is an answer of the API that is no success.
func statusError(code int, reason metav1.StatusReason, format string, values ...any) *apierrors.StatusError {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: int32(code), Reason: reason, //nolint:gosec // an HTTP code
		Message: fmt.Sprintf(format, values...),
	}}
}

func badRequest(format string, values ...any) *apierrors.StatusError {
	return statusError(http.StatusBadRequest, metav1.StatusReasonBadRequest, format, values...)
}

func notFound(format string, values ...any) *apierrors.StatusError {
	return statusError(http.StatusNotFound, metav1.StatusReasonNotFound, format, values...)
}

func unknownOrder(id saga.OrderID) *apierrors.StatusError {
	return notFound("the event store knows no order %q in namespace %q", id.Name, id.Namespace)
}

func unauthorized(message string) *apierrors.StatusError {
	return statusError(http.StatusUnauthorized, metav1.StatusReasonUnauthorized, "%s", message)
}

func forbidden(user, namespace, name string) *apierrors.StatusError {
	where := "in namespace " + fmt.Sprintf("%q", namespace)
	if namespace == "" {
		where = "in all namespaces"
	}
	return statusError(http.StatusForbidden, metav1.StatusReasonForbidden,
		"%s %q is forbidden: user %q may not %s %s %s: ask for the role order-history-viewer",
		ordersHistory, name, user, historyv1.Verb, ordersHistory, where)
}

func tooMany(what string) *apierrors.StatusError {
	err := statusError(http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests, "%s: try again in a second", what)
	err.ErrStatus.Details = &metav1.StatusDetails{RetryAfterSeconds: 1}
	return err
}
