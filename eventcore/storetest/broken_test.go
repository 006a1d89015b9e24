// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// recorder is a reporter that only remembers whether a check failed.
type recorder struct {
	*testing.T
	failed chan struct{}
}

func (r recorder) Errorf(string, ...any) {
	select {
	case r.failed <- struct{}{}:
	default:
	}
}

func (r recorder) Fatalf(format string, arguments ...any) {
	r.Errorf(format, arguments...)
	runtime.Goexit()
}

// catches reports whether the contract fails on the store.
func catches(t *testing.T, contract contract, store eventcore.Store) bool {
	t.Helper()
	r := recorder{T: t, failed: make(chan struct{}, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		contract.check(r, store)
	}()
	<-done
	return len(r.failed) > 0
}

// broken is a store with one method replaced by a faulty one.
type broken struct {
	eventcore.Store
	appending   func(context.Context, eventcore.AppendRequest) (eventcore.Appended, error)
	reading     func(context.Context, eventcore.Query) iter.Seq2[eventcore.Event, error]
	subscribing func(context.Context, eventcore.Position, eventcore.Filter) iter.Seq2[eventcore.Batch, error]
	modelling   func(string) (eventcore.ReadModel, error)
	followed    func(eventcore.Position) eventcore.Position
}

// Followed implements eventcore.Follower.
func (b *broken) Followed() eventcore.Position {
	position := b.Store.(eventcore.Follower).Followed()
	if b.followed != nil {
		return b.followed(position)
	}
	return position
}

func (b *broken) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	return cmpFunc(b.appending != nil, b.appending, b.Store.Append)(ctx, request)
}

func (b *broken) Read(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
	return cmpFunc(b.reading != nil, b.reading, b.Store.Read)(ctx, query)
}

func (b *broken) Subscribe(
	ctx context.Context, after eventcore.Position, filter eventcore.Filter,
) iter.Seq2[eventcore.Batch, error] {
	return cmpFunc(b.subscribing != nil, b.subscribing, b.Store.Subscribe)(ctx, after, filter)
}

func (b *broken) ReadModel(name string) (eventcore.ReadModel, error) {
	return cmpFunc(b.modelling != nil, b.modelling, b.Store.ReadModel)(name)
}

func cmpFunc[F any](condition bool, yes, no F) F {
	if condition {
		return yes
	}
	return no
}

// faults are ways to get a store wrong, each with the contract that must notice.
var faults = map[string]struct {
	breakIt func(b *broken)
	caught  string
}{
	"guards on streams that are only read are ignored": {
		ignoreReadOnlyGuards, "a stale guard on a stream that is only read conflicts and writes nothing",
	},
	"an empty append is not validated": {
		ignoreEmptyAppend, "an append without events checks its guards all the same",
	},
	"the guards are checked before the append": {
		checkGuardsFirst, "no conflict is lost, on written or on only read streams",
	},
	"two appends at one version succeed": {
		checkGuardsFirst, "of concurrent appends at the same version exactly one succeeds",
	},
	"a position is taken before the commit": {
		numberFirst, "a reader that follows the position misses nothing while 16 writers append",
	},
	"a hint at or ahead of the head is believed": {
		believeHints, "a head hint ahead of the head does not bypass the guards",
	},
	"only the first conflict is named": {
		nameOneConflict, "a conflict names every guard that did not hold",
	},
	"too large an append is cut": {
		cutLargeAppends, "an append above the limits is refused and writes nothing",
	},
	"times lose their microseconds": {
		loseMicroseconds, "an event comes back byte for byte",
	},
	"_ in a prefix matches anything": {
		likePrefix, "a prefix is literal: _ and % and quotes match themselves",
	},
	"prefixes ignore case": {
		ignoreCase, "a prefix is case-sensitive",
	},
	"prefixes match anywhere": {
		containsPrefix, "a prefix matches at the start of an id only",
	},
	"the limit is applied before the filter": {
		limitFirst, "the limit counts events that match",
	},
	"an event comes once per matching stream": {
		oncePerStream, "an event is delivered once though several of its streams match",
	},
	"a read shows what is appended meanwhile": {
		readLive, "a read sees the store as it was at its start",
	},
	"a subscription starts at its position": {
		startAtPosition, "a subscription resumes strictly after a position",
	},
	"a subscription misses what is appended meanwhile": {
		missLiveEvents, "live subscribers see every event exactly once while 16 writers append",
	},
	"a subscription's cursor stays at the last match": {
		throughLastMatch, "a subscription delivers only what matches, and its cursor moves past the rest",
	},
	"the checkpoint is not compared": {
		ignoreCheckpoint, "an update from another checkpoint is refused and writes nothing",
	},
}

func TestTheSuiteCatchesBrokenStores(t *testing.T) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			contracts := contracts()
			index := slices.IndexFunc(contracts, func(c contract) bool { return c.name == fault.caught })
			if index < 0 {
				t.Fatalf("there is no contract %q", fault.caught)
			}
			store := &broken{Store: memory.New(memory.Options{})}
			if catches(t, contracts[index], store) {
				t.Fatal("the contract fails before the store is broken")
			}
			store = &broken{Store: memory.New(memory.Options{})}
			fault.breakIt(store)
			if !catches(t, contracts[index], store) {
				t.Errorf("%q passes", fault.caught)
			}
		})
	}
}

func ignoreReadOnlyGuards(b *broken) {
	b.appending = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		request.Guards = slices.DeleteFunc(slices.Clone(request.Guards), func(guard eventcore.Guard) bool {
			return !slices.ContainsFunc(request.Events, func(e eventcore.Event) bool {
				_, written := e.VersionIn(guard.Stream)
				return written
			})
		})
		return b.Store.Append(ctx, request)
	}
}

func ignoreEmptyAppend(b *broken) {
	b.appending = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		if len(request.Events) == 0 {
			head, err := b.Head(ctx)
			return eventcore.Appended{Previous: head}, err
		}
		return b.Store.Append(ctx, request)
	}
}

func checkGuardsFirst(b *broken) {
	b.appending = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		check := request
		check.Events = nil
		if _, err := b.Store.Append(ctx, check); err != nil {
			return eventcore.Appended{}, err
		}
		runtime.Gosched()
		request.Guards = nil
		return b.Store.Append(ctx, request)
	}
}

func believeHints(b *broken) {
	b.appending = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		if head, err := b.Head(ctx); err == nil && request.Head >= head {
			request.Guards = nil
		}
		return b.Store.Append(ctx, request)
	}
}

func nameOneConflict(b *broken) {
	b.appending = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		appended, err := b.Store.Append(ctx, request)
		if conflict, ok := errors.AsType[*eventcore.ConflictError](err); ok {
			conflict.Conflicts = conflict.Conflicts[:1]
		}
		return appended, err
	}
}

func cutLargeAppends(b *broken) {
	b.appending = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		appended, err := b.Store.Append(ctx, request)
		if errors.Is(err, eventcore.ErrTooLarge) && len(request.Events) > 1 {
			request.Events = request.Events[:1]
			_, _ = b.Store.Append(ctx, request)
		}
		return appended, err
	}
}

func loseMicroseconds(b *broken) {
	b.appending = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		request.Events = slices.Clone(request.Events)
		for i := range request.Events {
			request.Events[i].RecordedAt = request.Events[i].RecordedAt.Truncate(time.Millisecond)
		}
		return b.Store.Append(ctx, request)
	}
}

// readWhere replaces Read by one that keeps the events for which a prefix matches one of their ids.
func readWhere(b *broken, matches func(id, prefix string) bool) {
	b.reading = func(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
		prefixes := query.Filter.Prefixes
		query.Filter.Prefixes = nil
		return func(yield func(eventcore.Event, error) bool) {
			for event, err := range b.Store.Read(ctx, query) {
				keep := len(prefixes) == 0 || slices.ContainsFunc(event.Streams, func(m eventcore.Membership) bool {
					return slices.ContainsFunc(prefixes, func(prefix string) bool { return matches(string(m.Stream), prefix) })
				})
				if keep && !yield(event, err) {
					return
				}
			}
		}
	}
}

func likePrefix(b *broken) {
	readWhere(b, func(id, prefix string) bool {
		if len(id) < len(prefix) {
			return false
		}
		for i := range len(prefix) {
			if prefix[i] != '_' && prefix[i] != id[i] {
				return false
			}
		}
		return true
	})
}

func ignoreCase(b *broken) {
	readWhere(b, func(id, prefix string) bool { return strings.HasPrefix(strings.ToLower(id), strings.ToLower(prefix)) })
}

func containsPrefix(b *broken) { readWhere(b, strings.Contains) }

func limitFirst(b *broken) {
	b.reading = func(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
		return func(yield func(eventcore.Event, error) bool) {
			filter := query.Filter
			query.Filter = eventcore.Filter{}
			for event, err := range b.Store.Read(ctx, query) {
				if (err != nil || filter.Matches(&event)) && !yield(event, err) {
					return
				}
			}
		}
	}
}

func oncePerStream(b *broken) {
	b.reading = func(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
		return func(yield func(eventcore.Event, error) bool) {
			for event, err := range b.Store.Read(ctx, query) {
				for range event.Streams {
					if !yield(event, err) {
						return
					}
				}
			}
		}
	}
}

func readLive(b *broken) {
	b.reading = func(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
		return func(yield func(eventcore.Event, error) bool) {
			query.Limit = 1
			for found := true; found; {
				found = false
				for event, err := range b.Store.Read(ctx, query) {
					if !yield(event, err) {
						return
					}
					found, query.After = true, event.Position
				}
			}
		}
	}
}

func startAtPosition(b *broken) {
	b.subscribing = func(
		ctx context.Context, after eventcore.Position, filter eventcore.Filter,
	) iter.Seq2[eventcore.Batch, error] {
		return b.Store.Subscribe(ctx, max(after, 1)-1, filter)
	}
}

// missLiveEvents delivers what was there, then only the last event of what has come since.
func missLiveEvents(b *broken) {
	b.subscribing = func(
		ctx context.Context, after eventcore.Position, filter eventcore.Filter,
	) iter.Seq2[eventcore.Batch, error] {
		return func(yield func(eventcore.Batch, error) bool) {
			for batch, err := range b.Store.Subscribe(ctx, after, filter) {
				batch.Events = batch.Events[max(len(batch.Events), 1)-1:]
				if !yield(batch, err) {
					return
				}
			}
		}
	}
}

func throughLastMatch(b *broken) {
	b.subscribing = func(
		ctx context.Context, after eventcore.Position, filter eventcore.Filter,
	) iter.Seq2[eventcore.Batch, error] {
		return func(yield func(eventcore.Batch, error) bool) {
			for batch, err := range b.Store.Subscribe(ctx, after, filter) {
				if last := len(batch.Events) - 1; last >= 0 {
					batch.Through = cmp.Or(batch.Events[last].Position, batch.Through)
				}
				if !yield(batch, err) || err == nil && batch.Through < 5 {
					return
				}
			}
		}
	}
}

func ignoreCheckpoint(b *broken) {
	b.modelling = func(name string) (eventcore.ReadModel, error) {
		model, err := b.Store.ReadModel(name)
		return uncheckedModel{model}, err
	}
}

type uncheckedModel struct{ eventcore.ReadModel }

func (m uncheckedModel) Update(ctx context.Context, _, to eventcore.Position, changes []eventcore.Change) error {
	from, err := m.Checkpoint(ctx)
	if err != nil {
		return err
	}
	return m.ReadModel.Update(ctx, from, to, changes)
}
