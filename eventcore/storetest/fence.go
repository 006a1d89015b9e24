// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
)

// RunFence holds a store to the contract of eventcore.Resolver, which it must implement. open is that of Run.
func RunFence(t *testing.T, open func(t *testing.T) eventcore.Store) {
	t.Helper()
	runAll(t, fenceContracts(), open)
}

func runAll(t *testing.T, contracts []contract, open func(t *testing.T) eventcore.Store) {
	t.Helper()
	for _, contract := range contracts {
		t.Run(contract.name, func(t *testing.T) {
			store := open(t)
			contract.check(t, store)
			if err := store.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
}

func fenceContracts() []contract {
	return []contract{
		{"an append that has happened is found again with all that it returned", resolveHappened},
		{"an append that has not happened never will", resolveFences},
		{"a fence concerns one append and no other", fenceHarmsNobody},
		{"resolving again gives the same answer", resolveTwice},
		{"an append that races with its resolution has happened or it has not", resolveRace},
		{"an append without events has nothing to resolve", resolveWithoutEvents},
		{"an append without an id cannot be resolved", resolveWithoutID},
		{"an append that rests on a later head than there is cannot be resolved", resolveBeyondHistory},
	}
}

func request(head eventcore.Position, events ...eventcore.Event) eventcore.AppendRequest {
	return eventcore.AppendRequest{ID: uuid.Must(uuid.NewV7()), Head: head, Events: events}
}

func resolve(
	t reporter, store eventcore.Store, request eventcore.AppendRequest,
) (eventcore.Appended, bool) {
	t.Helper()
	resolver, ok := store.(eventcore.Resolver)
	if !ok {
		t.Fatalf("%T is no eventcore.Resolver", store)
	}
	appended, happened, err := resolver.Resolve(t.Context(), request)
	if err != nil {
		t.Fatalf("resolve: %v", err)
	}
	return appended, happened
}

func expectFenced(t reporter, store eventcore.Store, late eventcore.AppendRequest, count int) {
	t.Helper()
	_, err := store.Append(t.Context(), late)
	expectRefusal(t, store, err, eventcore.ErrFenced, count)
}

func resolveHappened(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	sent := request(1, event("a", "b"), event("b"))
	sent.Events[1].Payload = "decoded"
	want, err := store.Append(t.Context(), sent)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	write(t, store, event("a"), event("b"))
	got, happened := resolve(t, store, sent)
	if !happened || got.Previous != 1 || len(got.Events) != 2 || got.Events[1].Payload != "decoded" {
		t.Errorf("resolve: %t, %+v; want the events after position 1, with their payloads", happened, got)
	}
	expectEvents(t, "resolved", got.Events, want.Events)
	if position := head(t, store); position != 5 {
		t.Errorf("the head is %d, want 5", position)
	}
}

func resolveFences(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	late := request(1, event("a"))
	if _, happened := resolve(t, store, late); happened {
		t.Errorf("an append is found that nobody has made")
	}
	expectFenced(t, store, late, 1)
	write(t, store, event("b"))
	expectFenced(t, store, late, 2)
}

func fenceHarmsNobody(t reporter, store eventcore.Store) {
	resolve(t, store, request(0, event("a")))
	sent := request(0, event("a"))
	if _, err := store.Append(t.Context(), sent); err != nil {
		t.Errorf("another append after the fence: %v", err)
	}
	if _, happened := resolve(t, store, sent); !happened {
		t.Errorf("the other append is not found")
	}
}

func resolveTwice(t reporter, store eventcore.Store) {
	sent, late := request(0, event("a")), request(0, event("a"))
	if _, err := store.Append(t.Context(), sent); err != nil {
		t.Fatalf("append: %v", err)
	}
	for range 2 {
		if _, happened := resolve(t, store, sent); !happened {
			t.Errorf("the append is not found")
		}
		if _, happened := resolve(t, store, late); happened {
			t.Errorf("an append is found that nobody has made")
		}
	}
}

func resolveRace(t reporter, store eventcore.Store) {
	for range 50 {
		sent := request(head(t, store), event("a"))
		var group sync.WaitGroup
		var appendErr error
		group.Go(func() { _, appendErr = store.Append(t.Context(), sent) })
		appended, happened := resolve(t, store, sent)
		group.Wait()
		if happened != (appendErr == nil) || !happened && !errors.Is(appendErr, eventcore.ErrFenced) {
			t.Fatalf("resolve says %t, append says %v", happened, appendErr)
		}
		if happened && appended.Events[0].ID != sent.Events[0].ID {
			t.Fatalf("resolve has found %+v", appended)
		}
		if _, again := resolve(t, store, sent); again != happened {
			t.Fatalf("first it is %t, then %t", happened, again)
		}
	}
}

func resolveWithoutEvents(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	if _, happened := resolve(t, store, request(1)); happened {
		t.Errorf("an append without events is found")
	}
}

func resolveWithoutID(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	nameless := eventcore.AppendRequest{Events: []eventcore.Event{event("a")}}
	if _, happened, err := store.(eventcore.Resolver).Resolve(t.Context(), nameless); err == nil || happened {
		t.Errorf("resolve: %t, %v; want an error", happened, err)
	}
	if _, err := store.Append(t.Context(), nameless); err != nil {
		t.Errorf("append without an id: %v", err)
	}
}

func resolveBeyondHistory(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	_, happened, err := store.(eventcore.Resolver).Resolve(t.Context(), request(2, event("a")))
	if !errors.Is(err, eventcore.ErrRolledBack) || happened {
		t.Errorf("resolve: %t, %v; want ErrRolledBack", happened, err)
	}
}
