// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"
)

// errCrashed is what a process that is dead gets for everything it asks for.
var errCrashed = errors.New("simulated crash: this process is gone")

// noAnswer is the delay of an answer that never comes.
const noAnswer = time.Duration(-1)

// forever is longer than any run.
const forever = 10_000 * time.Hour

// scheduler lets one thing happen at a time.
type scheduler struct {
	random *rand.Rand
	// agenda is what is to happen at a time, planned counts its entries so far.
	agenda  agenda
	planned int
	// happened counts what was let happen, digest is of all that, in its order.
	happened int
	digest   io.Writer
	sum      func() uint64
	// trace is told of everything, if it is not nil.
	trace io.Writer
	began time.Time

	mu sync.Mutex
	// requests are those on their way, in the order of their labels.
	requests []*request
	arrived  chan struct{}
	last     int
}

// request is something that a process asks of the world.
type request struct {
	process *process
	label   string
	number  int
	// arrive is called once, when the request reaches the world. It returns how long the answer takes, or noAnswer.
	arrive func() time.Duration
	// read is set if it changes nothing: nobody notices when it does not arrive.
	read      bool
	performed bool
	notBefore time.Time
	// ready holds it back until it returns true; nil for at once.
	ready func() bool
	done  chan struct{}
	// abandoned is set when nobody waits for the answer any more.
	abandoned bool
}

func newScheduler(seed uint64, trace io.Writer) *scheduler {
	digest := fnv.New64a()
	return &scheduler{
		random: rand.New(rand.NewPCG(seed, 0x5eed)),
		digest: digest, sum: digest.Sum64, trace: trace, began: time.Now(),
		arrived: make(chan struct{}, 1),
	}
}

// chance draws whether something of the probability happens.
func (s *scheduler) chance(probability float64) bool {
	return probability > 0 && s.random.Float64() < probability
}

// between draws a span.
func (s *scheduler) between(from, to time.Duration) time.Duration {
	return from + time.Duration(s.random.Int64N(int64(to-from)+1))
}

// ask sends the request of the process and waits for its answer. It returns an error if there is none: errCrashed, or
// that of ctx. Whether the request arrives is open then. It must not be called with a lock held that others wait for.
func (s *scheduler) ask(ctx context.Context, p *process, r *request) error {
	if p.isDead() {
		return errCrashed
	}
	r.process, r.done = p, make(chan struct{})
	s.add(r)
	select {
	case <-r.done:
		if p.isDead() {
			return errCrashed
		}
		return nil
	case <-p.crashed:
		s.abandon(r)
		return errCrashed
	case <-ctx.Done():
		s.abandon(r)
		return ctx.Err()
	}
}

func (s *scheduler) add(r *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	r.number = s.last
	// Those that were sent in the same moment are told apart by what they are, not by which goroutine ran first.
	at, _ := slices.BinarySearchFunc(s.requests, r, func(a, b *request) int {
		if order := strings.Compare(a.label, b.label); order != 0 {
			return order
		}
		return a.number - b.number
	})
	s.requests = slices.Insert(s.requests, at, r)
	s.wakeLocked()
}

// abandon leaves a request on its way that nobody waits for: it may arrive still.
func (s *scheduler) abandon(r *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.abandoned = true
	if r.read || r.performed {
		s.remove(r)
	}
}

func (s *scheduler) remove(r *request) {
	if at := slices.Index(s.requests, r); at >= 0 {
		s.requests = slices.Delete(s.requests, at, at+1)
	}
}

// wake tells the scheduler that there is something to do.
func (s *scheduler) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wakeLocked()
}

func (s *scheduler) wakeLocked() {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

// note records that something happens.
func (s *scheduler) note(what string) {
	s.happened++
	at := time.Since(s.began)
	_, _ = fmt.Fprintf(s.digest, "%d %s\n", at, what)
	if s.trace != nil {
		_, _ = fmt.Fprintf(s.trace, "%6d %12s %s\n", s.happened, at, what)
	}
}

// hurry lets slow answers come at once.
func (s *scheduler) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if r.notBefore.Before(time.Now().Add(forever / 2)) {
			r.notBefore = time.Time{}
		}
	}
}

// remark adds an error to the trace.
func (s *scheduler) remark(err error) {
	if s.trace != nil && err != nil {
		_, _ = fmt.Fprintf(s.trace, "%20s %v\n", "", err)
	}
}

// eligible appends the requests that may go on now, and returns when the next of the others may.
func (s *scheduler) eligible(into []*request) (ready []*request, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, r := range s.requests {
		switch {
		case r.notBefore.After(now):
			if next.IsZero() || r.notBefore.Before(next) {
				next = r.notBefore
			}
		case r.performed && r.process.paused, r.ready != nil && !r.ready():
		default:
			into = append(into, r)
		}
	}
	return into, next
}

// proceed lets the request arrive, or its answer.
func (s *scheduler) proceed(r *request) {
	if r.performed {
		s.note("answer " + r.label)
		s.answer(r)
		return
	}
	abandoned := s.begin(r)
	if abandoned && s.chance(0.5) {
		s.note("lose   " + r.label)
		s.drop(r)
		return
	}
	s.note("arrive " + r.label)
	delay := r.arrive()
	switch {
	case abandoned || r.process.isDead(): // it may have died of it
		s.drop(r)
	case delay == noAnswer: // until its caller gives up
		r.notBefore = time.Now().Add(forever)
	case delay > 0:
		r.notBefore = time.Now().Add(delay)
	case r.read || !s.chance(0.25):
		s.answer(r)
	}
}

// begin notes that the request arrives, and reports whether its caller has given up before.
func (s *scheduler) begin(r *request) (abandoned bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.performed = true
	return r.abandoned
}

func (s *scheduler) drop(r *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(r)
}

func (s *scheduler) answer(r *request) {
	s.drop(r)
	close(r.done)
}

// after has something happen when the span is over.
func (s *scheduler) after(span time.Duration, what string, do func()) {
	s.planned++
	heap.Push(&s.agenda, entry{at: time.Now().Add(span), number: s.planned, what: what, do: do})
}

// due does what is on the agenda for now.
func (s *scheduler) due() (did bool) {
	for len(s.agenda) > 0 && !s.agenda[0].at.After(time.Now()) {
		next := heap.Pop(&s.agenda).(entry) //nolint:forcetypeassert // nothing else is in it
		s.note("agenda " + next.what)
		next.do()
		did = true
		synctest.Wait()
	}
	return did
}

// rest lets time pass until something happens, or until the given time.
func (s *scheduler) rest(until time.Time) {
	if len(s.agenda) > 0 && s.agenda[0].at.Before(until) {
		until = s.agenda[0].at
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-s.arrived:
	case <-timer.C:
	}
}

// agenda is a heap of what is to happen at a time.
type agenda []entry

type entry struct {
	at     time.Time
	number int
	what   string
	do     func()
}

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at.Before(a[j].at) || a[i].at.Equal(a[j].at) && a[i].number < a[j].number
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(entry)) } //nolint:forcetypeassert // nothing else is in it
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}
