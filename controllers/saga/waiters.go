// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import "sync"

// Waiters remembers which orders wait for which object, so that its arrival wakes them. It holds hints only: an order
// may be in it that waits no more. The zero value is empty. It may be used concurrently.
type Waiters struct {
	mu      sync.Mutex
	orders  map[waitedFor]map[OrderID]struct{}
	objects map[OrderID][]waitedFor
}

// waitedFor names an object. Products have a namespace, gateways and carriers none.
type waitedFor struct {
	reason, namespace, name string
}

// Add remembers that the order waits.
func (w *Waiters) Add(id OrderID, waiting StepWaiting) {
	key := waitedFor{reason: waiting.Reason, name: waiting.Name}
	if waiting.Reason == ReasonWaitingForProduct || waiting.Reason == ReasonWaitingForOrder {
		key.namespace = id.Namespace
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.orders == nil {
		w.orders, w.objects = map[waitedFor]map[OrderID]struct{}{}, map[OrderID][]waitedFor{}
	}
	if w.orders[key] == nil {
		w.orders[key] = map[OrderID]struct{}{}
	}
	if _, known := w.orders[key][id]; !known {
		w.orders[key][id] = struct{}{}
		w.objects[id] = append(w.objects[id], key)
	}
}

// For returns the orders that wait for the object, in no order. The namespace is empty for gateways and carriers. They
// stay until Forget: an object may arrive that is of no use yet, and arrive again.
func (w *Waiters) For(reason, namespace, name string) []OrderID {
	key := waitedFor{reason: reason, namespace: namespace, name: name}
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := make([]OrderID, 0, len(w.orders[key]))
	for id := range w.orders[key] {
		ids = append(ids, id)
	}
	return ids
}

// Forget drops what is remembered of an order that has gone on.
func (w *Waiters) Forget(id OrderID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range w.objects[id] {
		delete(w.orders[key], id)
		if len(w.orders[key]) == 0 {
			delete(w.orders, key)
		}
	}
	delete(w.objects, id)
}
