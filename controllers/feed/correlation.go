// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"fmt"

	"github.com/eventcore/order-operator/controllers/saga"
)

// keptCorrelations is of how many orders the correlation id is remembered after they were heard of last, besides those
// that are open: a status is written, and may fail, after the end.
const keptCorrelations = 4096

// correlations remembers the correlation ids of orders, for log lines. The zero value is empty. Feed.mu guards it.
type correlations struct {
	ids map[saga.OrderID]string
	// ended are the last orders that have ended, in a ring whose next place is next.
	ended []saga.OrderID
	next  int
}

// note remembers the id that an event of the order carries.
func (c *correlations) note(id saga.OrderID, correlation string) {
	if correlation == "" || c.ids[id] == correlation {
		return
	}
	if c.ids == nil {
		c.ids = map[saga.OrderID]string{}
	}
	c.ids[id] = correlation
}

// end lets the order be forgotten when keptCorrelations others have ended.
func (c *correlations) end(id saga.OrderID) {
	if len(c.ended) < keptCorrelations {
		c.ended = append(c.ended, id)
		return
	}
	if oldest := c.ended[c.next]; oldest != id {
		delete(c.ids, oldest)
	}
	c.ended[c.next] = id
	c.next = (c.next + 1) % keptCorrelations
}

// Correlation returns what all events, provider calls and log lines of the order share: the store's id, the order and
// its attempt. The attempt is missing for an order that the feed has not heard of.
func (f *Feed) Correlation(id saga.OrderID) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if correlation, ok := f.correlations.ids[id]; ok {
		return correlation
	}
	return f.store.Identity().StoreID.String() + "/" + id.String()
}

// recall remembers the ids of the open orders.
func (f *Feed) recall(open map[saga.OrderID]saga.OpenOrder) {
	store := f.store.Identity().StoreID
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, row := range open {
		if row.Attempt > 0 {
			f.correlations.note(id, fmt.Sprintf("%s/%s/%d", store, id, row.Attempt))
		}
	}
}
