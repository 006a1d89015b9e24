// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
)

// SpecChanged is a predicate that lets through updates of an object's spec. Unlike predicate.GenerationChangedPredicate it
// also lets through an object that has taken the place of another one of its name while the watch was broken: a list tells
// of it as of an update, and both have generation 1.
type SpecChanged struct{ predicate.Funcs }

// Update implements predicate.Predicate.
func (SpecChanged) Update(e event.UpdateEvent) bool {
	return e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() || e.ObjectOld.GetUID() != e.ObjectNew.GetUID()
}
