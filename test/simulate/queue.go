// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// queue is a controller's work queue, from which the scheduler hands out: any request that waits, not the first one.
// It keeps the promises of a workqueue: a request waits once, is worked on once at a time, and again if it was added
// meanwhile.
type queue struct {
	name    string
	process *process
	limiter workqueue.TypedRateLimiter[reconcile.Request]
	work    chan reconcile.Request

	mu      sync.Mutex
	waiting []reconcile.Request // in order
	atWork  map[reconcile.Request]bool
	idle    int
	stopped bool
	closed  chan struct{}
}

var _ workqueue.TypedRateLimitingInterface[reconcile.Request] = (*queue)(nil)

func newQueue(p *process, name string, limiter workqueue.TypedRateLimiter[reconcile.Request]) *queue {
	return &queue{
		name: name, process: p, limiter: limiter, work: make(chan reconcile.Request),
		atWork: map[reconcile.Request]bool{}, closed: make(chan struct{}),
	}
}

// Add implements workqueue.TypedInterface.
func (q *queue) Add(item reconcile.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.addLocked(item)
}

func (q *queue) addLocked(item reconcile.Request) {
	if _, atWork := q.atWork[item]; atWork {
		q.atWork[item] = true
		return
	}
	at, found := slices.BinarySearchFunc(q.waiting, item, compareRequests)
	if found || q.stopped {
		return
	}
	q.waiting = slices.Insert(q.waiting, at, item)
	q.process.world.wake()
}

func compareRequests(a, b reconcile.Request) int {
	if order := strings.Compare(a.Name, b.Name); order != 0 {
		return order
	}
	return strings.Compare(a.Namespace, b.Namespace)
}

// AddAfter implements workqueue.TypedDelayingInterface.
func (q *queue) AddAfter(item reconcile.Request, span time.Duration) {
	time.AfterFunc(span, func() { q.Add(item) })
}

// AddRateLimited implements workqueue.TypedRateLimitingInterface.
func (q *queue) AddRateLimited(item reconcile.Request) { q.AddAfter(item, q.limiter.When(item)) }

// Forget implements workqueue.TypedRateLimitingInterface.
func (q *queue) Forget(item reconcile.Request) { q.limiter.Forget(item) }

// NumRequeues implements workqueue.TypedRateLimitingInterface.
func (q *queue) NumRequeues(item reconcile.Request) int { return q.limiter.NumRequeues(item) }

// Len implements workqueue.TypedInterface.
func (q *queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// Get implements workqueue.TypedInterface.
func (q *queue) Get() (item reconcile.Request, shutdown bool) {
	q.mu.Lock()
	q.idle++
	q.mu.Unlock()
	select {
	case item := <-q.work:
		return item, false
	case <-q.closed:
		return reconcile.Request{}, true
	}
}

// Done implements workqueue.TypedInterface.
func (q *queue) Done(item reconcile.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	again := q.atWork[item]
	delete(q.atWork, item)
	if again {
		q.addLocked(item)
	}
}

// ShutDown implements workqueue.TypedInterface.
func (q *queue) ShutDown() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.stopped {
		q.stopped, q.waiting = true, nil
		close(q.closed)
	}
}

// ShutDownWithDrain implements workqueue.TypedInterface.
func (q *queue) ShutDownWithDrain() { q.ShutDown() }

// ShuttingDown implements workqueue.TypedInterface.
func (q *queue) ShuttingDown() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stopped
}

// ready reports whether something waits and somebody has time for it.
func (q *queue) ready() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.idle > 0 && len(q.waiting) > 0
}

// handOut gives a request that waits to a worker. There must be one of each.
func (q *queue) handOut(s *scheduler) {
	q.mu.Lock()
	at := s.random.IntN(len(q.waiting))
	item := q.waiting[at]
	q.waiting = slices.Delete(q.waiting, at, at+1)
	q.atWork[item] = false
	q.idle--
	q.mu.Unlock()
	s.note(q.process.name + " " + q.name + " reconciles " + item.Name)
	q.work <- item
}
