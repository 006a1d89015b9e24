// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package custody_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/controllers/custody"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

const (
	here  = "cluster-here"
	there = "cluster-there"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// options are those of a process that judges a store which nobody has seen before.
func options(store eventcore.Store) custody.Options {
	return custody.Options{Store: store, Cluster: here, Clock: func() time.Time { return now }}
}

// seenBy yields what statuses remember.
func seenBy(seen ...custody.Seen) iter.Seq2[custody.Seen, error] {
	return func(yield func(custody.Seen, error) bool) {
		for _, s := range seen {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// held wants the process to be held up for the reason, and returns the remedy.
func held(t *testing.T, o custody.Options, want custody.Reason) string {
	t.Helper()
	_, err := custody.Take(t.Context(), o)
	why, ok := errors.AsType[*custody.HeldError](err)
	if !ok || why.Reason != want {
		t.Fatalf("got %v, want to be held up because of %s", err, want)
	}
	return why.Remedy
}

func taken(t *testing.T, o custody.Options) saga.History {
	t.Helper()
	history, err := custody.Take(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return history
}

func TestAStoreServesOneCluster(t *testing.T) {
	o := options(memory.New(memory.Options{}))
	taken(t, o)
	taken(t, o)
	o.Cluster = there
	if remedy := held(t, o, custody.OtherCluster); !strings.Contains(remedy, "--adopt-store") {
		t.Errorf("the remedy is %q", remedy)
	}
	o.Adopt = true
	taken(t, o)
	o.Cluster, o.Adopt = here, false
	held(t, o, custody.OtherCluster)
}

func TestAProcessThatDoesNotJudgeWaitsForOneThatDoes(t *testing.T) {
	store := memory.New(memory.Options{})
	other := options(store)
	other.Cluster = ""
	held(t, other, custody.Unbound)
	taken(t, options(store))
	taken(t, other)
	suspicious := options(store)
	suspicious.Suspicion = eventcore.ErrRolledBack
	held(t, suspicious, custody.RolledBack)
	held(t, other, custody.RolledBack)
	held(t, options(store), custody.RolledBack)
}

func TestWhatAnotherProcessRecordsMeanwhileIsNotMissing(t *testing.T) {
	store := memory.New(memory.Options{})
	o := options(store)
	taken(t, o)
	o.Seen = func(yield func(custody.Seen, error) bool) { // it is at work while this one lists the Orders
		appended, err := store.Append(t.Context(), eventcore.AppendRequest{Events: []eventcore.Event{{
			ID: uuid.Must(uuid.NewV7()), Type: "OrderCreated", SchemaVersion: 1, RecordedAt: now, Data: []byte("{}"),
			Streams: []eventcore.Membership{{Stream: "order-shop/one"}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		yield(custody.Seen{By: "Order shop/one", Identity: store.Identity(), Position: appended.Events[0].Position}, nil)
	}
	taken(t, o)
}

func TestWhatStatusesHaveSeenIsMissing(t *testing.T) {
	store := memory.New(memory.Options{})
	identity := store.Identity()
	later := identity
	later.Epoch = 3
	for name, test := range map[string]struct {
		seen  custody.Seen
		epoch int64 // after it was accepted
	}{
		"an event":       {custody.Seen{By: "Order shop/one", Identity: identity, Position: 9}, 2},
		"a later epoch":  {custody.Seen{By: "Order shop/one", Identity: later, Position: 0}, 4},
		"event of later": {custody.Seen{By: "Order shop/one", Identity: later, Position: 9}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			store := memory.New(memory.Options{StoreID: identity.StoreID})
			o := options(store)
			o.Seen = seenBy(custody.Seen{By: "Order shop/none", Identity: identity}, test.seen)
			if remedy := held(t, o, custody.RolledBack); !strings.Contains(remedy, "--accept-rollback") {
				t.Errorf("the remedy is %q", remedy)
			}
			held(t, o, custody.RolledBack)
			head, err := store.Head(t.Context())
			if err != nil || head != 1 {
				t.Errorf("the suspicion was recorded %d times, %v", head, err)
			}
			o.AcceptRollback = true
			if history := taken(t, o); history.AcceptedAt != now || store.Identity().Epoch != test.epoch {
				t.Errorf("got %+v in epoch %d, want epoch %d", history, store.Identity().Epoch, test.epoch)
			}
			taken(t, o) // once
			o.AcceptRollback = false
			if history := taken(t, o); history.AcceptedAt != now || store.Identity().Epoch != test.epoch {
				t.Errorf("then got %+v in epoch %d", history, store.Identity().Epoch)
			}
		})
	}
}

func TestTwoProcessesAcceptARollbackOnce(t *testing.T) {
	store := memory.New(memory.Options{})
	o := options(store)
	o.Suspicion = eventcore.ErrRolledBack
	held(t, o, custody.RolledBack)
	o.AcceptRollback = true
	slow := options(accepting{store}) // it has recorded the acceptance, and has not begun the epoch yet
	slow.AcceptRollback = true
	if _, err := custody.Take(t.Context(), slow); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	_, err := custody.Take(t.Context(), o)
	if why, ok := errors.AsType[*custody.HeldError](err); err == nil || ok {
		t.Fatalf("got %v, %v, want to try again", err, why)
	}
	clock := now
	o.Clock = func() time.Time { return clock }
	clock = now.Add(time.Minute) // it is dead
	taken(t, o)
	if epoch := store.Identity().Epoch; epoch != 2 {
		t.Errorf("the epoch is %d", epoch)
	}
}

var errDied = errors.New("the process has died")

// accepting is a store whose process dies before it begins an epoch.
type accepting struct{ *memory.Store }

// AcceptRollback implements eventcore.Custodian.
func (accepting) AcceptRollback(context.Context) (eventcore.Identity, error) {
	return eventcore.Identity{}, errDied
}

func TestAnotherStoreThanTheOneThatCarriedOrdersOutIsNeverAccepted(t *testing.T) {
	o := options(memory.New(memory.Options{}))
	o.AcceptRollback = true
	o.Seen = seenBy(custody.Seen{By: "Order shop/one", Identity: eventcore.Identity{StoreID: uuid.New(), Epoch: 1}, Position: 1})
	held(t, o, custody.OtherStore)
}

func TestAnEpochOfACopyIsDoubtedFromWhenItIsSeenFirst(t *testing.T) {
	store := memory.New(memory.Options{})
	if _, err := store.AcceptRollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if history := taken(t, options(store)); history.AcceptedAt != now {
		t.Errorf("got %+v", history)
	}
}

func TestAnErrorWhileReadingStatusesLeavesItOpen(t *testing.T) {
	o, away := options(memory.New(memory.Options{})), errors.New("the API server is away")
	o.Seen = func(yield func(custody.Seen, error) bool) { yield(custody.Seen{}, away) }
	if _, err := custody.Take(t.Context(), o); !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
}
