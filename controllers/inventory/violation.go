// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// judge has the desired status say what the checker has found: a condition that is there only when something is wrong.
// It returns false while that is not known and the status may say it already: what was found by a process before is not
// taken back.
func (r *ProductReconciler) judge(id saga.ProductID, product *commercev1.Product, desired *commercev1.ProductStatus) (known bool) {
	if r.Violation == nil {
		return true
	}
	shown := apimeta.FindStatusCondition(product.Status.Conditions, commercev1.ConditionConsistent)
	violation, known := r.Violation(id)
	if violation == "" {
		return known || shown == nil
	}
	at := metav1.NewTime(r.Clock().UTC().Truncate(time.Second))
	if shown != nil {
		at = shown.LastTransitionTime
	}
	desired.Conditions = append(desired.Conditions, metav1.Condition{
		Type: commercev1.ConditionConsistent, Status: metav1.ConditionFalse, Reason: commercev1.ReasonInvariantViolated,
		Message: violation, ObservedGeneration: product.Generation, LastTransitionTime: at,
	})
	return true
}
