// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/resourceversion"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// writes remembers the statuses that were written last, so that a cache which has not seen one yet causes no second write. The
// zero value is empty.
type writes struct {
	mu     sync.Mutex
	orders map[saga.OrderID]written
}

type written struct {
	object *commercev1.Order
	at     time.Time
}

// newer returns what was written last if the cached object is older than that.
func (w *writes) newer(id saga.OrderID, cached *commercev1.Order) *commercev1.Order {
	w.mu.Lock()
	defer w.mu.Unlock()
	last, ok := w.orders[id]
	if !ok || last.object == nil || last.object.UID != cached.UID {
		return cached
	}
	order, err := resourceversion.CompareResourceVersion(cached.ResourceVersion, last.object.ResourceVersion)
	if err != nil || order >= 0 {
		w.orders[id] = written{at: last.at}
		return cached
	}
	return last.object
}

// see notes that the cache has the object, and forgets what was written if that is as new: of an order that has ended
// everything, for nothing would ask for it any more.
func (w *writes) see(cached *commercev1.Order) {
	id := saga.OrderID{Namespace: cached.Namespace, Name: cached.Name}
	if w.newer(id, cached) == cached {
		w.settle(id, cached.Status.Outcome != "")
	}
}

func (w *writes) record(id saga.OrderID, object *commercev1.Order, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.orders == nil {
		w.orders = map[saga.OrderID]written{}
	}
	w.orders[id] = written{object: object, at: at}
}

// at returns the time of the last write, the zero time if it is not remembered.
func (w *writes) at(id saga.OrderID) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.orders[id].at
}

// settle forgets an order that has ended once the cache has seen its last status.
func (w *writes) settle(id saga.OrderID, ended bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ended && w.orders[id].object == nil {
		delete(w.orders, id)
	}
}

func (w *writes) forget(id saga.OrderID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.orders, id)
}
