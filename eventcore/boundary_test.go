// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"errors"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
)

func TestMistakesOfACommandAreToldEvenIfHandleIgnoresThem(t *testing.T) {
	tests := map[string]struct {
		handle func(b *eventcore.Boundary) error
		want   error
	}{
		"a blind append": {func(b *eventcore.Boundary) error {
			_ = b.Append(Deposited{Amount: 1}, "anna")
			return nil
		}, eventcore.ErrNotLoaded},
		"a blind append to one stream of several": {func(b *eventcore.Boundary) error {
			eventcore.Load[Account](b, "anna")
			_ = b.Append(Deposited{Amount: 1}, "anna", "ben")
			return nil
		}, eventcore.ErrNotLoaded},
		"an append-only stream is loaded": {func(b *eventcore.Boundary) error {
			eventcore.Load[Account](b, "anna")
			eventcore.Load[Account](b, "all")
			_ = b.Append(Deposited{Amount: 1}, "anna")
			return nil
		}, eventcore.ErrAppendOnly},
		"a stream is given twice": {func(b *eventcore.Boundary) error {
			eventcore.Load[Account](b, "anna")
			_ = b.Append(Deposited{Amount: 1}, "anna", "all", "anna")
			return nil
		}, eventcore.ErrInvalidStreamID},
		"an event joins no stream": {func(b *eventcore.Boundary) error {
			_ = b.Append(Deposited{Amount: 1})
			return nil
		}, eventcore.ErrInvalidStreamID},
		"an invalid stream is loaded": {func(b *eventcore.Boundary) error {
			eventcore.Load[Account](b, "anna*")
			return nil
		}, eventcore.ErrInvalidStreamID},
		"the payload's type is not registered": {func(b *eventcore.Boundary) error {
			_ = b.Append(struct{ Amount int }{1}, "all")
			return nil
		}, eventcore.ErrUnknownType},
		"the error hides behind one of the command's own": {func(b *eventcore.Boundary) error {
			_ = b.Append(Deposited{Amount: 1}, "anna")
			return errInsufficientFunds
		}, eventcore.ErrNotLoaded},
		"the error hides behind a panic": {func(b *eventcore.Boundary) error {
			_ = b.Append(Deposited{Amount: 1}, "anna")
			panic("never mind")
		}, eventcore.ErrNotLoaded},
		"it never stops to load": {func(b *eventcore.Boundary) error {
			for {
				eventcore.Load[Account](b, "all")
			}
		}, eventcore.ErrAppendOnly},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			store := newStore()
			executor := newExecutor(t, store, eventcore.ExecutorOptions{AppendOnly: []eventcore.StreamID{"all"}})
			for range 2 { // prepared, and with everything in memory
				receipt, err := executor.Execute(t.Context(), handle(test.handle))
				if !errors.Is(err, test.want) || receipt.Events != nil {
					t.Errorf("got %v and events %v, want %v and none", err, receipt.Events, test.want)
				}
			}
			if events := storedEvents(t, store); len(events) != 0 {
				t.Errorf("%d events were written", len(events))
			}
		})
	}
}

func TestARefusalDiscardsWhatWasAppended(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store)
	refused := errors.New("on second thoughts")
	_, err := executor.Execute(t.Context(), handle(func(b *eventcore.Boundary) error {
		eventcore.Load[Account](b, "anna")
		if err := b.Append(Deposited{Amount: 1}, "anna"); err != nil {
			return err
		}
		return refused
	}))
	if !errors.Is(err, refused) || len(storedEvents(t, store)) != 0 {
		t.Errorf("got %v, want the refusal and nothing written", err)
	}
}

func TestAnEventJoinsAnAppendOnlyStreamWithoutLoading(t *testing.T) {
	store := newStore()
	options := eventcore.ExecutorOptions{AppendOnly: []eventcore.StreamID{"all"}}
	one, other := newExecutor(t, store, options), newExecutor(t, store, options)
	note := handle(func(b *eventcore.Boundary) error { return b.Append(Deposited{Amount: 1}, "all") })
	for range 3 {
		if receipt := execute(t, one, note); receipt.Attempts != 1 {
			t.Errorf("%d attempts, want 1: nothing is guarded", receipt.Attempts)
		}
		if receipt := execute(t, other, note); receipt.Attempts != 1 {
			t.Errorf("%d attempts, want 1: nothing is guarded", receipt.Attempts)
		}
	}
	snapshot, err := eventcore.View[Account](t.Context(), one, "all")
	if err != nil || snapshot.Version != 6 {
		t.Errorf("version %d, %v, want 6", snapshot.Version, err)
	}
}

func TestAStreamThatIsOnlyReadIsGuarded(t *testing.T) {
	store := newStore()
	one, other := newExecutor(t, store), newExecutor(t, store)
	if got := balance(t, one, "limit"); got != 0 {
		t.Fatal(got)
	}
	execute(t, other, deposit(7, "limit"))
	receipt := execute(t, one, handle(func(b *eventcore.Boundary) error {
		limit := eventcore.Load[Account](b, "limit")
		eventcore.Load[Account](b, "anna")
		return b.Append(Deposited{Amount: limit.Balance}, "anna")
	}))
	if receipt.Attempts != 2 || receipt.Events[0].Payload.(Deposited).Amount != 7 {
		t.Errorf("decided %+v after %d attempts, want the new limit after 2", receipt.Events[0].Payload, receipt.Attempts)
	}
}

func TestAPanicHarmsNoOtherCommand(t *testing.T) {
	executor := newExecutor(t, newStore())
	execute(t, executor, deposit(1, "anna"))
	bad := start(t.Context(), executor, handle(func(b *eventcore.Boundary) error {
		eventcore.Load[Account](b, "anna")
		if err := b.Append(Deposited{Amount: 99}, "anna"); err != nil {
			return err
		}
		panic("a bug")
	}))
	good := start(t.Context(), executor, deposit(1, "anna"))
	if got := <-bad; !errors.Is(got.err, eventcore.ErrPanic) {
		t.Errorf("got %v, want ErrPanic", got.err)
	}
	if got := <-good; got.err != nil {
		t.Error(got.err)
	}
	wantBalance(t, executor, "anna", 2)
}

// brittle is a state that cannot take a withdrawal.
type brittle struct{ deposits int }

func (s brittle) Apply(_ eventcore.StreamID, event *eventcore.Event) brittle {
	if _, ok := event.Payload.(Withdrawn); ok {
		panic("cannot take it")
	}
	s.deposits++
	return s
}

func TestAStateThatPanicsHarmsOnlyThoseWhoLoadIt(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store)
	look := handle(func(b *eventcore.Boundary) error {
		eventcore.Load[brittle](b, "anna")
		return nil
	})
	execute(t, executor, deposit(5, "anna"))
	execute(t, executor, look)
	execute(t, executor, withdraw(1, "anna")) // absorbed into both states
	for range 2 {
		if _, err := executor.Execute(t.Context(), look); !errors.Is(err, eventcore.ErrPanic) {
			t.Errorf("got %v, want ErrPanic", err)
		}
	}
	if _, err := eventcore.View[brittle](t.Context(), executor, "anna"); !errors.Is(err, eventcore.ErrPanic) {
		t.Errorf("view: %v, want ErrPanic", err)
	}
	both := handle(func(b *eventcore.Boundary) error {
		eventcore.Load[brittle](b, "ben")
		eventcore.Load[Account](b, "ben")
		if err := b.Append(Withdrawn{Amount: 1}, "ben"); err != nil {
			return err
		}
		return nil
	})
	execute(t, executor, both)
	wantBalance(t, executor, "anna", 4)
	wantBalance(t, executor, "ben", -1)
}
