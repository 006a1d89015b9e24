// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package shipping

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/shipping/engine"
)

// Carriers finds the providers of Carriers. It implements engine.Carriers.
type Carriers struct {
	// Reader reads Carriers from the cache.
	Reader client.Reader
	// Simulated is the provider of every carrier of that kind.
	Simulated engine.Provider
}

// Provider implements engine.Carriers.
func (c Carriers) Provider(name string) (engine.Provider, bool) {
	var carrier commercev1.Carrier
	if err := c.Reader.Get(context.Background(), types.NamespacedName{Name: name}, &carrier); err != nil {
		return nil, false
	}
	return c.Simulated, carrier.Spec.Provider.Simulated != nil
}
