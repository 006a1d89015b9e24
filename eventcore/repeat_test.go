// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

// executeOnce executes under the id "once".
func executeOnce(t *testing.T, executor *eventcore.Executor, command eventcore.Command) eventcore.Receipt {
	t.Helper()
	receipt, err := executor.Execute(t.Context(), command, eventcore.WithCommandID("once"))
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func TestACommandThatIsExecutedAgainUnderItsIDReturnsItsFirstReceipt(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		executor := newExecutor(t, store)
		execute(t, executor, deposit(10, "anna"))
		first := executeOnce(t, executor, withdraw(10, "anna"))
		if id := first.Events[0].Metadata.CommandID; id != "once" || first.Attempts != 1 {
			t.Errorf("attempt %d under the id %q", first.Attempts, id)
		}
		execute(t, executor, deposit(1, "ben"))
		for _, process := range []*eventcore.Executor{executor, newExecutor(t, store)} {
			// The account is empty: decided anew the command would be refused.
			again := executeOnce(t, process, withdraw(10, "anna"))
			first.Attempts = 0
			if !reflect.DeepEqual(again, first) {
				t.Errorf("got %+v, want %+v", again, first)
			}
		}
		if events := storedEvents(t, store); len(events) != 3 {
			t.Errorf("the store holds %d events, want 3", len(events))
		}
	})
}

func TestACommandWithManyEventsHasThemAllInItsFirstReceipt(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		executor := newExecutor(t, store)
		execute(t, executor, deposit(1, "anna"))
		many := &pay{Count: 5}
		first := executeOnce(t, executor, many)
		execute(t, executor, deposit(1, "anna"))
		again := executeOnce(t, executor, many)
		if len(again.Events) != 5 || again.Position != first.Position || again.Events[0].Position != 2 {
			t.Errorf("got %+v, want the five events from position 2 on", again)
		}
	})
}

// pay deposits many times. Of its fields only Count is content.
type pay struct {
	Count int
	Now   int64 `json:"-"`
}

func (c *pay) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{"anna"} }

func (c *pay) Handle(b *eventcore.Boundary) error {
	eventcore.Load[Account](b, "anna")
	for range c.Count {
		if err := b.Append(Deposited{Amount: 1}, "anna"); err != nil {
			return err
		}
	}
	return nil
}

func TestACommandIDWithAnotherContentIsRefused(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		executor := newExecutor(t, store)
		executeOnce(t, executor, &pay{Count: 1, Now: 1})
		executeOnce(t, executor, &pay{Count: 1, Now: 2})
		for _, other := range []eventcore.Command{&pay{Count: 2}, deposit(1, "anna"), namedPay{pay{Count: 1}}} {
			_, err := executor.Execute(t.Context(), other, eventcore.WithCommandID("once"))
			if !errors.Is(err, eventcore.ErrCommandReused) {
				t.Errorf("%+v: got %v, want ErrCommandReused", other, err)
			}
		}
		if events := storedEvents(t, store); len(events) != 1 {
			t.Errorf("the store holds %d events, want 1", len(events))
		}
	})
}

type namedPay struct{ pay }

func (c namedPay) ReadStreams() []eventcore.StreamID  { return c.pay.ReadStreams() }
func (c namedPay) Handle(b *eventcore.Boundary) error { return c.pay.Handle(b) }

func TestARefusalOrANoOpUnderAnIDIsNotRemembered(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		executor := newExecutor(t, store)
		_, err := executor.Execute(t.Context(), withdraw(5, "anna"), eventcore.WithCommandID("once"))
		if !errors.Is(err, errInsufficientFunds) {
			t.Errorf("got %v, want a refusal", err)
		}
		if receipt := executeOnce(t, executor, &pay{}); receipt.Events != nil {
			t.Errorf("got %+v, want nothing to do", receipt)
		}
		execute(t, executor, deposit(5, "anna"))
		if receipt := executeOnce(t, executor, withdraw(5, "anna")); len(receipt.Events) != 1 {
			t.Errorf("got %+v, want the withdrawal", receipt)
		}
	})
}

func TestConcurrentExecutionsUnderOneIDHaveOneReceipt(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		processes := []*eventcore.Executor{newExecutor(t, store), newExecutor(t, store)}
		execute(t, processes[0], deposit(30, "anna"))
		var group sync.WaitGroup
		for i := range 32 {
			group.Go(func() {
				id := fmt.Sprint("withdrawal-", i%3)
				// Decided a second time it would be refused: there is just enough for three.
				receipt, err := processes[i%2].Execute(t.Context(), withdraw(10, "anna"), eventcore.WithCommandID(id))
				if err != nil || len(receipt.Events) != 1 || receipt.Events[0].Metadata.CommandID != id {
					t.Errorf("%s: got %+v, %v; want its one event", id, receipt, err)
				}
			})
		}
		group.Wait()
		wantBalance(t, processes[0], "anna", 0)
		if events := storedEvents(t, store); len(events) != 4 {
			t.Errorf("the store holds %d events, want 4", len(events))
		}
	})
}

func TestALostReplyUnderAnIDIsFoundAgain(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		faults := newUnreliable(store, storetest.LostReply)
		faults.resolver = &unable{down: true}
		executor := newExecutor(t, faults)
		_, err := executor.Execute(t.Context(), deposit(10, "anna"), eventcore.WithCommandID("once"))
		if !errors.Is(err, eventcore.ErrOutcomeUnknown) {
			t.Errorf("got %v, want ErrOutcomeUnknown", err)
		}
		if again := executeOnce(t, executor, deposit(10, "anna")); again.Position != 1 || again.Attempts != 0 {
			t.Errorf("got %+v, want what was appended without a reply", again)
		}
	})
}

func TestCommandIDsThatCannotBeKeptAreRefused(t *testing.T) {
	executor := newExecutor(t, memory.New(memory.Options{}))
	for _, id := range []string{"", "\xff", string(make([]byte, 256))} {
		if _, err := executor.Execute(t.Context(), deposit(1, "anna"), eventcore.WithCommandID(id)); err == nil {
			t.Errorf("the command id %q is accepted", id)
		}
	}
	unable := newExecutor(t, newStore())
	_, err := unable.Execute(t.Context(), deposit(1, "anna"), eventcore.WithCommandID("once"))
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v, want errors.ErrUnsupported", err)
	}
}
