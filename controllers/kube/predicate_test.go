// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/kube"
)

func TestSpecChanged(t *testing.T) {
	product := func(uid string, generation int64, version string) *commercev1.Product {
		return &commercev1.Product{ObjectMeta: metav1.ObjectMeta{
			Name: "pen", UID: types.UID(uid), Generation: generation, ResourceVersion: version,
		}}
	}
	for name, test := range map[string]struct {
		after *commercev1.Product
		want  bool
	}{
		"a status is written":               {product("uid-1", 1, "8"), false},
		"the spec is changed":               {product("uid-1", 2, "8"), true},
		"another object has taken the name": {product("uid-2", 1, "9"), true},
	} {
		t.Run(name, func(t *testing.T) {
			update := event.UpdateEvent{ObjectOld: product("uid-1", 1, "7"), ObjectNew: test.after}
			if got := (kube.SpecChanged{}).Update(update); got != test.want {
				t.Errorf("lets it through: %t", got)
			}
		})
	}
}
