// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"context"
	"sync"

	"github.com/eventcore/order-operator/controllers/saga"
)

// pool runs work for orders: a bounded number at once, and never twice at once for one order. Work that waits for
// somebody outside is not counted meanwhile.
type pool struct {
	work  func(context.Context, saga.OrderID) (again bool)
	slots chan struct{}

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
	// again holds the orders at work; true if they were submitted once more meanwhile.
	again map[saga.OrderID]bool
}

// newPool returns a pool in which work is called again for an order as long as it asks for it.
func newPool(size int, work func(context.Context, saga.OrderID) (again bool)) *pool {
	return &pool{work: work, slots: make(chan struct{}, size), again: map[saga.OrderID]bool{}}
}

// submit has work called for the order soon. It never blocks.
func (p *pool) submit(id saga.OrderID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	if _, atWork := p.again[id]; atWork {
		p.again[id] = true
		return
	}
	p.again[id] = false
	p.running.Go(func() { p.run(id) })
}

func (p *pool) run(id saga.OrderID) {
	for more := true; p.another(id, more); {
		p.slots <- struct{}{}
		if p.closing() {
			more = false
		} else {
			more = p.work(context.Background(), id)
		}
		<-p.slots
	}
}

// outside is called by work to do something slow: others may work meanwhile.
func (p *pool) outside(do func()) {
	<-p.slots
	defer func() { p.slots <- struct{}{} }()
	do()
}

// another reports whether the order has to be worked on, because there is more to do or because it was submitted again.
func (p *pool) another(id saga.OrderID, more bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if (more || p.again[id]) && !p.closed {
		p.again[id] = false
		return true
	}
	delete(p.again, id)
	return false
}

func (p *pool) closing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// close starts nothing more and returns when what is under way has ended.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.running.Wait()
}
