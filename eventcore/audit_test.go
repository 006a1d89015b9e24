// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
)

// The promises of an executor, as the audit names them when they are broken.
const (
	lostCommand   = "a command that was acknowledged is in the log, where its receipt says"
	doubleCommand = "no command is in the log twice"
	afterFailure  = "a command that was answered with a refusal or a failure is not in the log"
	staleAnswer   = "an answer rests on the committed state at the position of its receipt, not before the call"
	overdraft     = "a command in the log was allowed at its place"
)

// told is what the caller of one command was told.
type told struct {
	id      string
	command eventcore.Command
	since   eventcore.Position // the head of the store just before the call
	receipt eventcore.Receipt
	err     error
	saw     int64 // by look, in the run that counted
}

// ledger collects what all callers were told.
type ledger struct {
	mu      sync.Mutex
	entries []told
}

// executing is what an Executor does; broken ones do it wrong.
type executing interface {
	Execute(context.Context, eventcore.Command, ...eventcore.ExecuteOption) (eventcore.Receipt, error)
}

// call runs the command, whose id tells its events from all others in the log, and enters what its caller was told.
func (l *ledger) call(
	t *testing.T, store eventcore.Store, id string, command eventcore.Command, run func() (eventcore.Receipt, error),
) {
	t.Helper()
	since, err := store.Head(t.Context())
	if err != nil {
		t.Error(err)
	}
	receipt, err := run()
	entry := told{id: id, command: command, since: since, receipt: receipt, err: err}
	if look, ok := command.(*look); ok {
		entry.saw = look.saw
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, entry)
}

// look is a command that appends nothing: its caller learns the balance as of the run that counted, the last one.
type look struct {
	account eventcore.StreamID
	saw     int64
}

func (c *look) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.account} }

func (c *look) Handle(b *eventcore.Boundary) error {
	c.saw = eventcore.Load[Account](b, c.account).Balance
	return nil
}

// audit holds what the callers were told against the log, and returns what does not fit for each promise.
func (l *ledger) audit(log []eventcore.Event) map[string][]string {
	a := audit{broken: map[string][]string{}, places: map[string][]eventcore.Position{}}
	a.balances = append(a.balances, map[eventcore.StreamID]int64{})
	for i := range log {
		a.replay(&log[i])
	}
	for _, entry := range l.entries {
		a.check(&entry, log)
	}
	return a.broken
}

type audit struct {
	broken map[string][]string
	// places are the positions of each command's events; balances are those after each position.
	places   map[string][]eventcore.Position
	balances []map[eventcore.StreamID]int64
}

func (a *audit) breaks(promise, format string, arguments ...any) {
	a.broken[promise] = append(a.broken[promise], fmt.Sprintf(format, arguments...))
}

// replay adds the balances after the event, which the bank's commands must not have overdrawn.
func (a *audit) replay(event *eventcore.Event) {
	event.Payload = nil
	if err := bank.Decode(event); err != nil {
		a.breaks(lostCommand, "%v", err)
	}
	next := maps.Clone(a.balances[len(a.balances)-1])
	for _, m := range event.Streams {
		next[m.Stream] = Account{Balance: next[m.Stream]}.Apply(m.Stream, event).Balance
		if next[m.Stream] < 0 {
			a.breaks(overdraft, "position %d: %s has %d", event.Position, m.Stream, next[m.Stream])
		}
	}
	a.balances = append(a.balances, next)
	id := event.Metadata.CommandID
	a.places[id] = append(a.places[id], event.Position)
}

func (a *audit) check(entry *told, log []eventcore.Event) {
	places := a.places[entry.id]
	if len(places) > 1 {
		a.breaks(doubleCommand, "%s is at %v", entry.id, places)
	}
	switch {
	case entry.err == nil:
		a.checkReceipt(entry, log)
	case errors.Is(entry.err, eventcore.ErrOutcomeUnknown):
	case len(places) > 0:
		a.breaks(afterFailure, "%s is at %v, but its caller was told %v", entry.id, places, entry.err)
	}
	if entry.err == nil || errors.Is(entry.err, errInsufficientFunds) {
		a.checkAnswer(entry)
	}
}

func (a *audit) checkReceipt(entry *told, log []eventcore.Event) {
	if _, ok := entry.command.(*look); !ok && len(entry.receipt.Events) != 1 {
		a.breaks(lostCommand, "%s: a receipt with %d events", entry.id, len(entry.receipt.Events))
	}
	for _, event := range entry.receipt.Events {
		if event.Position < 1 || event.Position > eventcore.Position(len(log)) || log[event.Position-1].ID != event.ID {
			a.breaks(lostCommand, "%s is not at %d", entry.id, event.Position)
		}
	}
}

// checkAnswer says that a refusal or a look is true of the state at its position, which the call has not outrun.
func (a *audit) checkAnswer(entry *told) {
	position := entry.receipt.Position
	if position < entry.since || position >= eventcore.Position(len(a.balances)) {
		a.breaks(staleAnswer, "%s: answered at position %d, called at %d", entry.id, position, entry.since)
		return
	}
	balances := a.balances[position]
	if look, ok := entry.command.(*look); ok && entry.saw != balances[look.account] {
		a.breaks(staleAnswer, "%s saw %d at position %d, which has %d", entry.id, entry.saw, position, balances[look.account])
	}
	if account, amount := debit(entry.command); entry.err != nil && balances[account] >= amount {
		a.breaks(staleAnswer, "%s was refused %d at position %d, which has %d", entry.id, amount, position, balances[account])
	}
}

func debit(command eventcore.Command) (eventcore.StreamID, int64) {
	switch c := command.(type) {
	case Withdraw:
		return c.Account, c.Amount
	case Transfer:
		return c.From, c.Amount
	default:
		return "", 0
	}
}
