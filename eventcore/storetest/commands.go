// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
)

// RunCommands holds a store to the contract of eventcore.CommandStore, which it must implement. open is that of Run.
func RunCommands(t *testing.T, open func(t *testing.T) eventcore.Store) {
	t.Helper()
	runAll(t, commandContracts(), open)
}

func commandContracts() []contract {
	return []contract{
		{"a command id is recorded with the events of its command", recordsCommands},
		{"a command without events leaves no record", recordsNoEmptyCommand},
		{"a recorded command id refuses all of an append, at the head too", refusesKnownCommand},
		{"a recorded command id is told together with guards that do not hold", tellsCommandsAndGuards},
		{"a refused append records no command", refusedAppendRecordsNothing},
		{"of concurrent appends with one command id exactly one succeeds", oneAppendPerCommand},
		{"an append with malformed commands is refused", malformedCommands},
		{"command ids are compared byte for byte", commandIDsAreExact},
	}
}

func command(id string, from, to int) eventcore.CommandEntry {
	return eventcore.CommandEntry{ID: id, Content: [32]byte{1, 2, 3}, From: from, To: to}
}

// tryCommands appends with the store's head as its hint, which must not spare it the look at the commands.
func tryCommands(
	t reporter, store eventcore.Store, events []eventcore.Event, commands ...eventcore.CommandEntry,
) (eventcore.Appended, error) {
	t.Helper()
	sent := request(head(t, store), events...)
	sent.Commands = commands
	return store.Append(t.Context(), sent)
}

func expectCommand(t reporter, store eventcore.Store, id string, want eventcore.CommandRecord, wantFound bool) {
	t.Helper()
	commands, ok := store.(eventcore.CommandStore)
	if !ok {
		t.Fatalf("%T is no eventcore.CommandStore", store)
	}
	record, found, err := commands.FindCommand(t.Context(), id)
	if err != nil || found != wantFound || record != want {
		t.Errorf("command %q: got %+v, %t, %v; want %+v, %t", id, record, found, err, want, wantFound)
	}
}

func recordsCommands(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	events := []eventcore.Event{event("a"), event("b"), event("a"), event("c")}
	if _, err := tryCommands(t, store, events, command("one", 0, 1), command("three", 1, 4)); err != nil {
		t.Fatalf("append: %v", err)
	}
	content := command("", 0, 0).Content
	expectCommand(t, store, "one", eventcore.CommandRecord{Content: content, First: 2, Last: 2}, true)
	expectCommand(t, store, "three", eventcore.CommandRecord{Content: content, First: 3, Last: 5}, true)
	expectCommand(t, store, "none", eventcore.CommandRecord{}, false)
}

func recordsNoEmptyCommand(t reporter, store eventcore.Store) {
	if _, err := tryCommands(t, store, nil, command("no-op", 0, 0)); err != nil {
		t.Fatalf("append without events: %v", err)
	}
	if _, err := tryCommands(t, store, []eventcore.Event{event("a")}, command("no-op", 1, 1)); err != nil {
		t.Fatalf("append with a command without events: %v", err)
	}
	expectCommand(t, store, "no-op", eventcore.CommandRecord{}, false)
}

// expectKnown says that an append after the first one was refused, because of exactly these commands.
func expectKnown(t reporter, store eventcore.Store, err error, ids ...string) {
	t.Helper()
	expectRefusal(t, store, err, eventcore.ErrConflict, 1)
	conflict, ok := errors.AsType[*eventcore.ConflictError](err)
	if !ok || !slices.Equal(conflict.Commands, ids) {
		t.Errorf("the append returned %v, want a conflict that names the commands %q", err, ids)
	}
}

func refusesKnownCommand(t reporter, store eventcore.Store) {
	if _, err := tryCommands(t, store, []eventcore.Event{event("a")}, command("known", 0, 1)); err != nil {
		t.Fatalf("append: %v", err)
	}
	events := []eventcore.Event{event("b"), event("c")}
	_, err := tryCommands(t, store, events, command("new", 0, 1), command("known", 1, 2))
	expectKnown(t, store, err, "known")
	expectCommand(t, store, "new", eventcore.CommandRecord{}, false)
	_, err = tryCommands(t, store, events, command("known", 0, 0), command("new", 0, 2))
	expectKnown(t, store, err, "known")
	_, err = tryCommands(t, store, nil, command("known", 0, 0))
	expectKnown(t, store, err, "known")
}

func tellsCommandsAndGuards(t reporter, store eventcore.Store) {
	if _, err := tryCommands(t, store, []eventcore.Event{event("a")}, command("known", 0, 1)); err != nil {
		t.Fatalf("append: %v", err)
	}
	sent := request(0, event("a"))
	sent.Guards, sent.Commands = guards(guard("a", 0)), []eventcore.CommandEntry{command("known", 0, 1)}
	_, err := store.Append(t.Context(), sent)
	expectKnown(t, store, err, "known")
}

func refusedAppendRecordsNothing(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	sent := request(0, event("a"))
	sent.Guards, sent.Commands = guards(guard("a", 0)), []eventcore.CommandEntry{command("refused", 0, 1)}
	_, err := store.Append(t.Context(), sent)
	expectKnown(t, store, err)
	expectCommand(t, store, "refused", eventcore.CommandRecord{}, false)
}

func oneAppendPerCommand(t reporter, store eventcore.Store) {
	succeeded := make([]bool, 16)
	concurrently(len(succeeded), func(i int) {
		_, err := tryCommands(t, store, []eventcore.Event{event("a")}, command("same", 0, 1))
		succeeded[i] = err == nil
		if err != nil && !errors.Is(err, eventcore.ErrConflict) {
			t.Errorf("append: %v", err)
		}
	})
	winners := slices.DeleteFunc(succeeded, func(ok bool) bool { return !ok })
	if events := read(t, store, eventcore.Query{}); len(winners) != 1 || len(events) != 1 {
		t.Errorf("%d appends with one command id succeeded, and left %d events", len(winners), len(events))
	}
}

func malformedCommands(t reporter, store eventcore.Store) {
	for _, commands := range [][]eventcore.CommandEntry{
		{command("", 0, 1)}, {command("a", 1, 0)}, {command("a", -1, 0)}, {command("a", 0, 2)},
		{command("a", 0, 1), command("a", 1, 1)},
	} {
		_, err := tryCommands(t, store, []eventcore.Event{event("a")}, commands...)
		expectRefusal(t, store, err, nil, 0)
	}
}

func commandIDsAreExact(t reporter, store eventcore.Store) {
	for _, id := range []string{"a", "A", "a ", "ä", "a\u0308", "a'b", "a%", strangeID} {
		if _, err := tryCommands(t, store, []eventcore.Event{event("a")}, command(id, 0, 1)); err != nil {
			t.Errorf("command id %q: %v", id, err)
		}
	}
}

const strangeID = "line\nbreak\ttab"
