// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

// history is a log of events at the positions 1, 2, 3 … with a tail.
type history struct {
	tail  *Tail
	log   []eventcore.Event
	reads int
}

func newHistory() *history { return &history{tail: New(0)} }

// commit appends to the log alone.
func (h *history) commit(streams ...eventcore.StreamID) []eventcore.Event {
	first := len(h.log)
	for _, id := range streams {
		h.log = append(h.log, eventcore.Event{
			Position: eventcore.Position(len(h.log) + 1), Type: "Tested", Data: []byte("0"),
			Streams: []eventcore.Membership{{Stream: id}},
		})
	}
	published := slices.Clone(h.log[first:])
	for i := range published {
		published[i].Payload = "decoded"
	}
	return published
}

func (h *history) publish(streams ...eventcore.StreamID) {
	previous := eventcore.Position(len(h.log))
	h.tail.Publish(previous, h.commit(streams...))
}

func (h *history) read(_ context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
	h.reads++
	return func(yield func(eventcore.Event, error) bool) {
		matched := 0
		for _, event := range h.log[min(query.After, eventcore.Position(len(h.log))):] {
			if !query.Filter.Matches(&event) {
				continue
			}
			matched++
			if !yield(event, nil) || matched == query.Limit {
				return
			}
		}
	}
}

// batches returns what a subscription delivers before it has to wait.
func (h *history) batches(t *testing.T, after eventcore.Position, filter eventcore.Filter) []eventcore.Batch {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var batches []eventcore.Batch
	for batch, err := range h.tail.Subscribe(ctx, after, filter, h.read, 0) {
		if err != nil {
			t.Fatal(err)
		}
		batches = append(batches, batch)
		if batch.CaughtUp {
			break
		}
	}
	return batches
}

func repeat(id eventcore.StreamID, count int) []eventcore.StreamID {
	return slices.Repeat([]eventcore.StreamID{id}, count)
}

var wanted = eventcore.Filter{Streams: []eventcore.StreamID{"wanted"}}

func TestASubscriberWithinTheRecentEventsNeedsNoLog(t *testing.T) {
	h := newHistory()
	h.publish("a", "wanted", "a")
	batches := h.batches(t, 1, wanted)
	if h.reads != 0 || len(batches) != 1 || batches[0].Through != 3 || len(batches[0].Events) != 1 {
		t.Fatalf("%d reads, batches %+v; want none and one event through 3", h.reads, batches)
	}
	if payload := batches[0].Events[0].Payload; payload != "decoded" {
		t.Errorf("payload %v, want the appender's", payload)
	}
}

func TestASubscriberFurtherBehindIsServedFromTheLogInPages(t *testing.T) {
	h := newHistory()
	for range 12 {
		h.publish(repeat("a", 999)...)
		h.publish("wanted")
	}
	for name, test := range map[string]struct {
		filter eventcore.Filter
		events int
	}{"everything": {eventcore.Filter{}, 12_000}, "a narrow filter": {wanted, 12}} {
		t.Run(name, func(t *testing.T) {
			events, cursor := 0, eventcore.Position(0)
			for _, batch := range h.batches(t, 0, test.filter) {
				if len(batch.Events) > pageEvents || batch.Through <= cursor {
					t.Errorf("%d events through %d after %d", len(batch.Events), batch.Through, cursor)
				}
				events, cursor = events+len(batch.Events), batch.Through
			}
			if events != test.events || cursor != 12_000 || h.reads == 0 {
				t.Errorf("%d events through %d, %d reads", events, cursor, h.reads)
			}
		})
	}
}

func TestAPageOfLargePayloadsIsSmall(t *testing.T) {
	h := newHistory()
	h.commit(repeat("a", 10)...)
	for i := range h.log {
		h.log[i].Data = make([]byte, pageBytes/2)
	}
	h.tail.Advance(10)
	for i, batch := range h.batches(t, 0, eventcore.Filter{}) {
		if len(batch.Events) != 2 || batch.Through != eventcore.Position(2*i+2) || batch.CaughtUp != (i == 4) {
			t.Errorf("batch %d: %d events through %d, caught up %t", i, len(batch.Events), batch.Through, batch.CaughtUp)
		}
	}
}

func TestTheRecentEventsAreBounded(t *testing.T) {
	r := recent{maxEvents: 10, maxBytes: 100}
	for position := eventcore.Position(1); position <= 1000; position++ {
		r.add([]eventcore.Event{{Position: position, Data: make([]byte, position%30)}})
		if len(r.events) > 2*r.maxEvents || r.bytes > 2*r.maxBytes {
			t.Fatalf("%d events with %d bytes are kept", len(r.events), r.bytes)
		}
		if got := r.after(position - 1); len(r.events) > 0 && (len(got) != 1 || got[0].Position != position) {
			t.Fatalf("after %d: %+v", position-1, got)
		}
		if r.since+eventcore.Position(len(r.events)) != position {
			t.Fatalf("%d events since %d at %d: some are missing", len(r.events), r.since, position)
		}
	}
	r.add([]eventcore.Event{{Position: 1001, Data: make([]byte, 500)}})
	if len(r.events) != 0 || r.since != 1001 || r.after(1000) != nil {
		t.Errorf("an event above the bounds is kept: %d events since %d", len(r.events), r.since)
	}
}

func TestAppendsOfOthersAreReadFromTheLog(t *testing.T) {
	orders := map[string]func(h *history){
		"noticed before our append": func(h *history) {
			h.commit("other")
			h.tail.Advance(2)
			h.publish("own")
		},
		"noticed by our append": func(h *history) {
			h.commit("other")
			h.publish("own")
		},
		"our append noticed before it is published": func(h *history) {
			h.publish("other")
			own := h.commit("own")
			h.tail.Advance(3)
			h.tail.Publish(2, own)
		},
		"all noticed before ours is published": func(h *history) {
			h.publish("other")
			own := h.commit("own")
			h.commit("other")
			h.tail.Advance(4)
			h.tail.Publish(2, own)
		},
	}
	for name, order := range orders {
		t.Run(name, func(t *testing.T) {
			h := newHistory()
			h.publish("first")
			order(h)
			for after := range eventcore.Position(len(h.log)) {
				next := after
				for _, batch := range h.batches(t, after, eventcore.Filter{}) {
					for _, event := range batch.Events {
						next++
						if event.Position != next {
							t.Errorf("after %d: position %d, want %d", after, event.Position, next)
						}
					}
				}
				if next != eventcore.Position(len(h.log)) || h.tail.Head() != next {
					t.Errorf("after %d: ended at %d, head %d, want %d", after, next, h.tail.Head(), len(h.log))
				}
			}
		})
	}
}

func TestWhatASubscriberWasToldCountsAsFollowed(t *testing.T) {
	h := newHistory()
	h.commit("a", "a")
	h.tail.Advance(1) // and the second one is in the page that is read because of it
	for _, batch := range h.batches(t, 0, eventcore.Filter{}) {
		if batch.Through != 2 || h.tail.Followed() != 2 || h.tail.Head() != 1 {
			t.Errorf("told of %d, followed %d, head %d", batch.Through, h.tail.Followed(), h.tail.Head())
		}
	}
}

func TestWhatWasHeardCountsAsFollowedAndWakesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, woken := newHistory(), 0
		go func() {
			for _, err := range h.tail.Subscribe(t.Context(), 0, eventcore.Filter{}, h.read, 0) {
				if err != nil {
					return
				}
				woken++
			}
		}()
		h.commit("a", "a", "a")
		for _, position := range []eventcore.Position{2, 3, 1} {
			h.tail.Hear(position)
		}
		synctest.Wait()
		if woken != 0 || h.tail.Followed() != 3 || h.tail.Head() != 0 {
			t.Errorf("woken %d times, followed %d, head %d", woken, h.tail.Followed(), h.tail.Head())
		}
		h.tail.Advance(4)
		if h.tail.Followed() != 4 {
			t.Errorf("followed %d", h.tail.Followed())
		}
	})
}

func TestWaitingSubscribersAreWokenWithoutPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHistory()
		var got []eventcore.Position
		go func() {
			for batch, err := range h.tail.Subscribe(t.Context(), 0, eventcore.Filter{}, h.read, 0) {
				if err != nil {
					return
				}
				got = append(got, batch.Through)
			}
		}()
		for position := range eventcore.Position(3) {
			synctest.Wait()
			h.publish("a")
			synctest.Wait()
			if len(got) == 0 || got[len(got)-1] != position+1 {
				t.Fatalf("delivered through %v after position %d", got, position+1)
			}
		}
		h.tail.Close()
	})
}

func TestASlowPollFindsWhatNobodyPublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHistory()
		h.publish("wanted")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		events := 0
		for batch, err := range h.tail.Subscribe(ctx, 0, wanted, h.read, time.Minute) {
			if err != nil {
				t.Fatal(err)
			}
			events += len(batch.Events)
			if events == 3 {
				break
			}
			h.commit("a", "wanted")
		}
		if h.reads != 2 {
			t.Errorf("%d reads, want one for each poll", h.reads)
		}
	})
}

func TestASubscriptionEndsWithTheErrorOfTheLog(t *testing.T) {
	h := newHistory()
	h.tail.Advance(1)
	failure := errors.New("no such log")
	read := func(context.Context, eventcore.Query) iter.Seq2[eventcore.Event, error] {
		return func(yield func(eventcore.Event, error) bool) { yield(eventcore.Event{}, failure) }
	}
	elements := 0
	for batch, err := range h.tail.Subscribe(t.Context(), 0, eventcore.Filter{}, read, 0) {
		elements++
		if !errors.Is(err, failure) {
			t.Errorf("got %+v, %v", batch, err)
		}
	}
	if elements != 1 {
		t.Errorf("%d elements, want the error alone", elements)
	}
}
