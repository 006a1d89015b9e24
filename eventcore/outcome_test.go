// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

// unreliable is a store whose replies get lost, and which can find out what became of an append.
type unreliable struct {
	*storetest.Faults
	store    eventcore.Store
	resolver eventcore.Resolver
}

func newUnreliable(store eventcore.Store, first ...storetest.Fault) unreliable {
	faults := storetest.NewFaults(store, storetest.FaultOptions{First: first})
	return unreliable{Faults: faults, store: store, resolver: store.(eventcore.Resolver)}
}

func (u unreliable) Resolve(
	ctx context.Context, request eventcore.AppendRequest,
) (eventcore.Appended, bool, error) {
	return u.resolver.Resolve(ctx, request)
}

func (u unreliable) FindCommand(ctx context.Context, id string) (eventcore.CommandRecord, bool, error) {
	return u.store.(eventcore.CommandStore).FindCommand(ctx, id)
}

func TestALostReplyToACommitIsASuccess(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		executor := newExecutor(t, newUnreliable(store, storetest.NoFault, storetest.LostReply))
		execute(t, executor, deposit(10, "anna"))
		receipt := execute(t, executor, withdraw(10, "anna"))
		if receipt.Attempts != 1 || receipt.Position != 2 || receipt.Events[0].Streams[0].Version != 2 {
			t.Errorf("got %+v, want the commit at position 2 of the first attempt", receipt)
		}
		if _, err := executor.Execute(t.Context(), withdraw(1, "anna")); !errors.Is(err, errInsufficientFunds) {
			t.Errorf("got %v, want a refusal: the money is gone", err)
		}
		if events := storedEvents(t, store); len(events) != 2 {
			t.Errorf("the store holds %d events, want 2", len(events))
		}
	})
}

func TestAStatementThatArrivesLateCannotLand(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		faults := newUnreliable(store, storetest.NoFault, storetest.LateAppend)
		executor := newExecutor(t, faults)
		execute(t, executor, deposit(10, "anna"))
		// No guard would stop it: the account is as it was when the statement left.
		receipt := execute(t, executor, withdraw(4, "anna"))
		if receipt.Attempts != 2 || receipt.Position != 2 {
			t.Errorf("got %+v, want position 2 at the second attempt", receipt)
		}
		if landed := faults.Land(t.Context()); landed != 0 {
			t.Errorf("%d late statements landed", landed)
		}
		if events := storedEvents(t, store); len(events) != 2 {
			t.Errorf("the store holds %d events, want 2", len(events))
		}
		wantBalance(t, executor, "anna", 6)
	})
}

func TestALostReplyToAValidationIsAskedForAgain(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		executor := newExecutor(t, newUnreliable(store, storetest.LostReply, storetest.LateAppend))
		_, err := executor.Execute(t.Context(), withdraw(1, "anna"))
		if !errors.Is(err, errInsufficientFunds) {
			t.Errorf("got %v, want a refusal", err)
		}
	})
}

func TestAnOutcomeThatCannotBeFoundOutIsUnknown(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		faults := newUnreliable(store, storetest.LostReply)
		network := &unable{resolver: faults.resolver, down: true}
		faults.resolver = network
		executor := newExecutor(t, faults)
		_, err := executor.Execute(t.Context(), deposit(10, "anna"))
		if !errors.Is(err, eventcore.ErrOutcomeUnknown) || !errors.Is(err, errUnable) {
			t.Errorf("got %v, want ErrOutcomeUnknown and its cause", err)
		}
		network.down = false
		if _, err := executor.Execute(t.Context(), withdraw(11, "anna")); !errors.Is(err, errInsufficientFunds) {
			t.Errorf("got %v, want a refusal that knows of the commit", err)
		}
		execute(t, executor, withdraw(10, "anna"))
	})
}

// unable finds out nothing while it is down. That it meets a conflict while it tries says nothing about the append.
type unable struct {
	resolver eventcore.Resolver
	down     bool
}

var errUnable = errors.New("the network is gone")

func (u *unable) Resolve(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, bool, error) {
	if u.down {
		return eventcore.Appended{}, false, errors.Join(errUnable, eventcore.ErrConflict)
	}
	return u.resolver.Resolve(ctx, request)
}

// TestNothingIsDecidedWhileAnEarlierAppendMayStillLand gives a command again whose first append is still on its way: an
// answer by what holds now would be wrong as soon as that lands.
func TestNothingIsDecidedWhileAnEarlierAppendMayStillLand(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		faults := newUnreliable(store, storetest.NoFault, storetest.LateAppend)
		network := &unable{resolver: faults.resolver, down: true}
		faults.resolver = network
		executor := newExecutor(t, faults)
		execute(t, executor, deposit(10, "anna"))
		const id = "withdrawal-1"
		_, err := executor.Execute(t.Context(), withdraw(10, "anna"), eventcore.WithCommandID(id))
		if !errors.Is(err, eventcore.ErrOutcomeUnknown) {
			t.Fatalf("got %v, want ErrOutcomeUnknown", err)
		}
		_, err = executor.Execute(t.Context(), withdraw(11, "anna"))
		if !errors.Is(err, errUnable) || errors.Is(err, errInsufficientFunds) || errors.Is(err, eventcore.ErrOutcomeUnknown) {
			t.Errorf("got %v, want no answer while the first append may land, and surely no effect", err)
		}
		network.down = false
		execute(t, executor, withdraw(4, "anna"))
		if landed := faults.Land(t.Context()); landed != 0 {
			t.Errorf("%d late statements landed after something else was decided", landed)
		}
		_, err = executor.Execute(t.Context(), withdraw(10, "anna"), eventcore.WithCommandID(id))
		if !errors.Is(err, errInsufficientFunds) {
			t.Errorf("got %v, want a refusal", err)
		}
		wantBalance(t, executor, "anna", 6)
	})
}

func TestWhoeverSharesABatchWithALostReplyIsAnswered(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.LostReply, storetest.LateAppend} {
		onEveryStore(t, func(t *testing.T, store eventcore.Store) {
			t.Helper()
			executor := newExecutor(t, newUnreliable(store, storetest.NoFault, fault, fault, fault))
			waiting := []<-chan outcome{}
			for range 50 {
				waiting = append(waiting, start(t.Context(), executor, deposit(1, "anna")))
			}
			for _, done := range waiting {
				if got := <-done; got.err != nil {
					t.Error(got.err)
				}
			}
			wantBalance(t, executor, "anna", 50)
			if events := storedEvents(t, store); len(events) != 50 {
				t.Errorf("the store holds %d events, want 50", len(events))
			}
		})
	}
}
