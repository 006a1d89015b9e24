// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"context"
	"iter"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

const (
	// pageEvents and pageBytes (of payloads) bound one batch.
	pageEvents = 1000
	pageBytes  = 4 << 20
)

// Reader reads the log, as Store.Read does.
type Reader func(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error]

// Subscribe implements Store.Subscribe. It needs no goroutine of its own. An empty batch is delivered only when
// events were scanned up to head and none matched. slowPoll reads the log although nothing was published, as a
// safety net for a store whose news can get lost; 0 means never. It ends with ctx.Err() or eventcore.ErrClosed.
func (t *Tail) Subscribe(
	ctx context.Context, after eventcore.Position, filter eventcore.Filter, read Reader, slowPoll time.Duration,
) iter.Seq2[eventcore.Batch, error] {
	return func(yield func(eventcore.Batch, error) bool) {
		s := subscription{tail: t, cursor: after, filter: filter, read: read, slowPoll: slowPoll}
		for {
			batch, err := s.next(ctx)
			if err != nil {
				yield(eventcore.Batch{}, err)
				return
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// subscription is one iteration of Subscribe.
type subscription struct {
	tail     *Tail
	cursor   eventcore.Position
	filter   eventcore.Filter
	read     Reader
	slowPoll time.Duration
}

// next returns the next batch worth delivering.
func (s *subscription) next(ctx context.Context) (eventcore.Batch, error) {
	for {
		if err := ctx.Err(); err != nil {
			return eventcore.Batch{}, err
		}
		now, err := s.tail.look(s.cursor)
		if err != nil {
			return eventcore.Batch{}, err
		}
		batch, err := s.advance(ctx, now)
		if err != nil {
			return eventcore.Batch{}, err
		}
		if batch.Through > s.cursor {
			s.cursor = batch.Through
			return batch, nil
		}
	}
}

// advance takes one step from the cursor; the batch's Through is not after the cursor if there was nothing to do.
func (s *subscription) advance(ctx context.Context, now view) (eventcore.Batch, error) {
	switch {
	case now.recent != nil:
		return s.fromRecent(now), nil
	case now.wake == nil:
		return s.fromLog(ctx, now.head)
	}
	poll, err := s.wait(ctx, now.wake)
	if err != nil || !poll {
		return eventcore.Batch{}, err
	}
	return s.fromLog(ctx, s.cursor)
}

// wait returns when there is more to look at, and true when it is only time for a slow poll.
func (s *subscription) wait(ctx context.Context, wake <-chan struct{}) (bool, error) {
	var poll <-chan time.Time
	if s.slowPoll > 0 {
		timer := time.NewTimer(s.slowPoll)
		defer timer.Stop()
		poll = timer.C
	}
	select {
	case <-wake:
		return false, nil
	case <-poll:
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (s *subscription) fromRecent(now view) eventcore.Batch {
	page := page{}
	for i := range now.recent {
		if event := &now.recent[i]; s.filter.Matches(event) && page.add(*event) {
			break
		}
	}
	return page.batch(now.head)
}

// fromLog reads a page. The head was known before the page is read: if the page is not full, nothing that matches
// lies between its last event and head, however many events there were to scan. What was committed since then may be in
// the page before anybody has told the tail of it.
func (s *subscription) fromLog(ctx context.Context, head eventcore.Position) (eventcore.Batch, error) {
	page := page{}
	query := eventcore.Query{After: s.cursor, Filter: s.filter, Limit: pageEvents}
	for event, err := range s.read(ctx, query) {
		if err != nil {
			return eventcore.Batch{}, err
		}
		if page.add(event) {
			break
		}
	}
	batch := page.batch(head)
	s.tail.Hear(batch.Through)
	return batch, nil
}

// page collects the events of one batch.
type page struct {
	events []eventcore.Event
	bytes  int
	full   bool
}

// add reports whether the page is full.
func (p *page) add(event eventcore.Event) bool {
	p.events = append(p.events, event)
	p.bytes += len(event.Data)
	p.full = len(p.events) >= pageEvents || p.bytes >= pageBytes
	return p.full
}

func (p *page) batch(head eventcore.Position) eventcore.Batch {
	through := head
	if last := len(p.events) - 1; last >= 0 && (p.full || p.events[last].Position > head) {
		through = p.events[last].Position
	}
	return eventcore.Batch{Events: p.events, Through: through, CaughtUp: !p.full || through == head}
}
