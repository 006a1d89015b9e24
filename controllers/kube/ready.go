// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// SetReady makes a status say that its object of the generation is configured and that orders can use it. It reports whether
// that is news.
func SetReady(conditions *[]metav1.Condition, observed *int64, generation int64, message string) (changed bool) {
	changed = *observed != generation
	*observed = generation
	return apimeta.SetStatusCondition(conditions, metav1.Condition{
		Type: commercev1.ConditionReady, Status: metav1.ConditionTrue, Reason: commercev1.ReasonConfigured,
		Message: message, ObservedGeneration: generation,
	}) || changed
}
