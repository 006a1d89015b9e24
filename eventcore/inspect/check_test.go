// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/inspect"
	"github.com/eventcore/order-operator/eventcore/memory"
)

func TestASoundHistoryHasNoViolations(t *testing.T) {
	for name, store := range stores(t) {
		fill(t, store, 12_000)
		phases := map[string][]int{}
		report, err := inspect.Check(t.Context(), store, inspect.Options{
			Registry: registry,
			Progress: func(phase string, done, total int) { phases[phase] = append(phases[phase], done, total) },
		})
		if err != nil || report.Err() != nil || report.Events != 12_000 || report.Streams != 11 || report.Head != 12_000 {
			t.Errorf("%s: %+v, %v, want a sound report", name, report, err)
		}
		if got := fmt.Sprint(phases["read the log"]); got != "[10000 12000 12000 12000]" {
			t.Errorf("%s: progress of the log %s", name, got)
		}
		if got := fmt.Sprint(phases["read the streams"]); got != "[0 11 11 11]" {
			t.Errorf("%s: progress of the streams %s", name, got)
		}
	}
}

func TestEachViolationIsFoundAndExplained(t *testing.T) {
	type alteration = func(events []eventcore.Event) []eventcore.Event
	tests := map[string]struct {
		log, stream alteration
		options     inspect.Options
		want        []string
	}{
		"an event that is missing": {
			log: func(e []eventcore.Event) []eventcore.Event { return slices.Delete(e, 1, 2) },
			want: []string{
				"Order: position 3: it comes right after position 1",
				"Versions: position 3, stream a: version 3 comes right after version 1",
				"Memberships: position 2, stream a: reading the stream finds it",
			},
		},
		"gaps where they are allowed": {
			log:     func(e []eventcore.Event) []eventcore.Event { return slices.Delete(e, 1, 2) },
			stream:  func(e []eventcore.Event) []eventcore.Event { return notAt(e, 2) },
			options: inspect.Options{Sparse: true},
		},
		"an end that is missing": {
			log: func(e []eventcore.Event) []eventcore.Event { return e[:4] },
			want: []string{
				"Order: position 4: the log ends here, and the head is said to be at 5",
				"Memberships: position 5, stream a: reading the stream finds it",
			},
		},
		"two events that changed places": {
			log: func(e []eventcore.Event) []eventcore.Event {
				e[0], e[1] = e[1], e[0]
				return e
			},
			want: []string{
				"Order: position 2: it comes right after", "Versions: position 2, stream a: version 2 comes right after version 0",
				"Order: position 1: it comes after", "Versions: position 1, stream a: version 1 comes after version 2",
				"Memberships: position 1, stream a", "Memberships: position 1, stream a",
			},
		},
		"an id that occurs twice": {
			log: func(e []eventcore.Event) []eventcore.Event {
				e[3].ID = e[1].ID
				return e
			},
			want: []string{"IDs: position 4: id"},
		},
		"an event that its stream does not find": {
			stream: func(e []eventcore.Event) []eventcore.Event { return notAt(e, 3) },
			want: []string{
				"Memberships: position 3, stream a: it belongs to the stream as version 3, but reading the stream does not find it",
				"Memberships: position 3, stream b: it belongs to the stream as version 1, but reading",
			},
		},
		"an event that a stream finds wrongly": {
			log: func(e []eventcore.Event) []eventcore.Event {
				e[4].Streams = []eventcore.Membership{{Stream: "b", Version: 2}}
				return e
			},
			stream: func(e []eventcore.Event) []eventcore.Event {
				if last := &e[len(e)-1]; last.Position == 5 {
					last.Streams = []eventcore.Membership{{Stream: "b", Version: 2}}
				}
				return e
			},
			want: []string{
				"Memberships: position 5, stream a: reading the stream finds it, but it does not belong",
				"Memberships: position 5, stream b: it belongs to the stream as version 2, but",
			},
		},
		"an event without form": {
			log: func(e []eventcore.Event) []eventcore.Event {
				e[4].Type, e[4].ID, e[4].Data, e[4].Streams = "", uuid.Nil, []byte("{"), nil
				return e
			},
			stream: func(e []eventcore.Event) []eventcore.Event { return notAt(e, 5) },
			want: []string{
				`Form: position 5: type "" version 1`, "Form: position 5: it has no id", "Form: position 5: its data is no JSON",
				"Form: position 5: it belongs to no stream",
			},
		},
		"streams that cannot be": {
			log: func(e []eventcore.Event) []eventcore.Event {
				e[4].Streams = append(e[4].Streams, eventcore.Membership{Stream: "a", Version: 6}, eventcore.Membership{Stream: "*", Version: 1})
				return e
			},
			want: []string{
				"Form: position 5, stream a: it belongs to the stream twice", "Form: position 5, stream *: invalid stream id",
			},
		},
		"an event that nobody can decode": {
			log: func(e []eventcore.Event) []eventcore.Event {
				e[4].SchemaVersion = 2
				return e
			},
			options: inspect.Options{Registry: registry},
			want:    []string{"Unreadable: position 5: event 5: unknown event type: Counted version 2"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			store := memory.New(memory.Options{})
			appendAll(t, store, counted(t, 1, "a"), counted(t, 2, "a"), counted(t, 3, "a", "b"), counted(t, 4, "a"), counted(t, 5, "a"))
			report, err := inspect.Check(t.Context(), &altered{Store: store, log: test.log, stream: test.stream}, test.options)
			if err != nil {
				t.Fatal(err)
			}
			if (report.Err() != nil) != (len(test.want) > 0) || report.Err() != nil && !errors.Is(report.Err(), inspect.ErrDamaged) {
				t.Errorf("error %v", report.Err())
			}
			expectViolations(t, report, test.want)
		})
	}
}

func notAt(events []eventcore.Event, position eventcore.Position) []eventcore.Event {
	return slices.DeleteFunc(events, func(e eventcore.Event) bool { return e.Position == position })
}

func TestAVersionThatDiffersInTheStreamIsReported(t *testing.T) {
	store := memory.New(memory.Options{})
	appendAll(t, store, counted(t, 1, "a"), counted(t, 2, "a"))
	report, err := inspect.Check(t.Context(), &altered{Store: store, stream: func(e []eventcore.Event) []eventcore.Event {
		e[1].Streams[0].Version = 7
		return e
	}}, inspect.Options{})
	const want = "Memberships: position 2, stream a: it is version 2 in the log, and 7 when the stream is read"
	if err != nil || len(report.Violations) != 1 || report.Violations[0].String() != want {
		t.Errorf("%v, %v; want %s", report.Violations, err, want)
	}
}

func TestAStreamThatDiffersOnlyOnceIsReported(t *testing.T) {
	store := memory.New(memory.Options{})
	appendAll(t, store, counted(t, 1, "a"), counted(t, 2, "a"))
	looks := 0
	report, err := inspect.Check(t.Context(), &altered{Store: store, stream: func(e []eventcore.Event) []eventcore.Event {
		if looks++; looks == 1 {
			return e[:1]
		}
		return e
	}}, inspect.Options{})
	const want = "Memberships: position 0, stream a: it differed from the log when it was read, and does so no more"
	if err != nil || len(report.Violations) != 1 || report.Violations[0].String() != want {
		t.Errorf("%v, %v; want %s", report.Violations, err, want)
	}
}

func TestStreamsBeyondThoseReportedAreCountedAndNotLookedAt(t *testing.T) {
	store := memory.New(memory.Options{})
	appendAll(t, store, counted(t, 1, "a"), counted(t, 2, "b"), counted(t, 3, "c"), counted(t, 4, "d"))
	logs := 0
	report, err := inspect.Check(t.Context(), &altered{
		Store: store,
		log: func(e []eventcore.Event) []eventcore.Event {
			logs++
			return e
		},
		stream: func([]eventcore.Event) []eventcore.Event { return nil },
	}, inspect.Options{MaxViolations: 2})
	if err != nil || len(report.Violations) != 2 || report.Omitted != 2 || logs != 3 {
		t.Errorf("%v, %d omitted, %d readings of the log, %v; want 2, 2 and 3", report.Violations, report.Omitted, logs, err)
	}
	if got := fmt.Sprint(report.Err()); !strings.Contains(got, "4 violations, the first: Memberships: position 1") {
		t.Errorf("error %s", got)
	}
}

func TestWhatWasAppendedSinceTheStartIsNotChecked(t *testing.T) {
	for name, store := range stores(t) {
		fill(t, store, 100)
		number := 100
		report, err := inspect.Check(t.Context(), &altered{Store: store, stream: func(e []eventcore.Event) []eventcore.Event {
			number++
			appendAll(t, store, counted(t, number, "all", "new"))
			return e
		}}, inspect.Options{})
		if err != nil || report.Err() != nil || report.Events != 100 || report.Streams != 11 {
			t.Errorf("%s: %+v, %v; want a sound report of 100 events", name, report, err)
		}
	}
}

func TestACheckEndsWithItsContext(t *testing.T) {
	for name, store := range stores(t) {
		fill(t, store, 100)
		for _, phase := range []string{"read the log", "read the streams"} {
			ctx, cancel := context.WithCancel(t.Context())
			_, err := inspect.Check(ctx, store, inspect.Options{Progress: func(now string, _, _ int) {
				if now == phase {
					cancel()
				}
			}})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %s: got %v, want the context's error", name, phase, err)
			}
		}
	}
}

func TestEveryIDThatOccursTwiceIsFound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		store := memory.New(memory.Options{})
		count := rapid.IntRange(2, 300).Draw(rt, "events")
		ids := make([]uuid.UUID, count)
		events := make([]eventcore.Event, count)
		twice := 0
		for i := range events {
			events[i] = counted(t, i, "a")
			if i > 0 && rapid.IntRange(0, 9).Draw(rt, "again") == 0 {
				events[i].ID = ids[rapid.IntRange(0, i-1).Draw(rt, "of")]
				twice++
			}
			ids[i] = events[i].ID
		}
		appendAll(t, store, events...)
		report, err := inspect.Check(t.Context(), store, inspect.Options{MaxViolations: 5})
		if err != nil || len(report.Violations)+report.Omitted != twice || len(report.Violations) > 5 {
			rt.Errorf("%d violations and %d more, %v; want %d", len(report.Violations), report.Omitted, err, twice)
		}
	})
}
