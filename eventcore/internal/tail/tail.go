// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"sync"
	"sync/atomic"

	"github.com/eventcore/order-operator/eventcore"
)

// Tail is the live end of a store's log. All methods may be called concurrently, but see Publish.
type Tail struct {
	mu     sync.Mutex
	recent recent
	head   eventcore.Position
	closed bool
	// wake is closed by the next change; nil while nobody waits.
	wake chan struct{}
	// heard is the highest position that anybody was told of: see Hear.
	heard atomic.Uint64
}

// New returns the tail of a log whose last event is at head, with no recent events.
func New(head eventcore.Position) *Tail {
	return &Tail{head: head, recent: recent{since: head, maxEvents: maxEvents, maxBytes: maxBytes}}
}

// Publish makes committed events known: previous is the head just before them. It must be called in the order of
// commits, and after the log shows them to readers; it never waits for a subscriber.
func (t *Tail) Publish(previous eventcore.Position, events []eventcore.Event) {
	if len(events) == 0 {
		return
	}
	last := events[len(events)-1].Position
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.head == previous:
		t.recent.add(events)
	case t.head < previous, t.head == last && t.recent.since == last:
		// Either others committed in between, or Advance was faster and has counted these as others' events.
		t.recent.restart(previous)
		t.recent.add(events)
	case t.head < last:
		t.recent.restart(last)
	}
	t.head = max(t.head, last)
	t.wakeLocked()
}

// Advance makes known that somebody else has committed events up to head. Subscribers read them from the log.
// A head that is already known changes nothing.
func (t *Tail) Advance(head eventcore.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if head <= t.head {
		return
	}
	t.head = head
	t.recent.restart(head)
	t.wakeLocked()
}

// Head returns the last position published or advanced to.
func (t *Tail) Head() eventcore.Position {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.head
}

// Hear notes that the log has come to the position, without waking anybody: a commit that is about to be published, or one
// that was read from the log before anybody told of it.
func (t *Tail) Hear(position eventcore.Position) {
	for {
		before := t.heard.Load()
		if uint64(position) <= before || t.heard.CompareAndSwap(before, uint64(position)) {
			return
		}
	}
}

// Followed returns the highest position that was published, advanced to, heard of or delivered to a subscriber.
func (t *Tail) Followed() eventcore.Position {
	return max(t.Head(), eventcore.Position(t.heard.Load()))
}

// Close ends every subscription with eventcore.ErrClosed. It may be called again.
func (t *Tail) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.wakeLocked()
}

func (t *Tail) wakeLocked() {
	if t.wake != nil {
		close(t.wake)
		t.wake = nil
	}
}

// view is what a subscriber at a cursor sees of the tail at one moment.
type view struct {
	head eventcore.Position
	// recent holds every event between the cursor and head; nil if they must be read from the log.
	recent []eventcore.Event
	// wake is closed when there is more; nil unless the cursor is at head.
	wake <-chan struct{}
}

func (t *Tail) look(cursor eventcore.Position) (view, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return view{}, eventcore.ErrClosed
	}
	if cursor < t.head {
		return view{head: t.head, recent: t.recent.after(cursor)}, nil
	}
	if t.wake == nil {
		t.wake = make(chan struct{})
	}
	return view{head: t.head, wake: t.wake}, nil
}
