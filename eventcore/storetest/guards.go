// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
)

func guardContracts() []contract {
	return []contract{
		{"a second append at the same version conflicts and writes nothing", secondAtSameVersion},
		{"a stale guard on a stream that is only read conflicts and writes nothing", staleReadOnlyGuard},
		{"a current guard on a stream that is only read lets the append through", currentReadOnlyGuard},
		{"a guard at version 0 holds only for a stream without events", guardAtZero},
		{"a guard ahead of its stream conflicts", guardAhead},
		{"an append without events checks its guards all the same", emptyAppendGuards},
		{"one stale guard among current ones refuses all events", oneStaleGuard},
		{"a conflict names every guard that did not hold", namesConflicts},
	}
}

func hintContracts() []contract {
	return []contract{
		{"a stale head hint costs nothing when the guards hold", staleHint},
		{"a stale head hint does not bypass the guards", staleHintStaleGuard},
		{"a head hint at the head succeeds", currentHint},
		{"a head hint ahead of the head does not bypass the guards", hintAhead},
		{"the zero head hint does not bypass the guards", zeroHint},
	}
}

func secondAtSameVersion(t reporter, store eventcore.Store) {
	if _, err := try(t.Context(), store, guards(guard("a", 0)), event("a")); err != nil {
		t.Fatalf("first append: %v", err)
	}
	_, err := try(t.Context(), store, guards(guard("a", 0)), event("a"))
	expectRefusal(t, store, err, eventcore.ErrConflict, 1)
}

func staleReadOnlyGuard(t reporter, store eventcore.Store) {
	write(t, store, event("read"), event("read"))
	_, err := try(t.Context(), store, guards(guard("read", 1)), event("written"))
	expectRefusal(t, store, err, eventcore.ErrConflict, 2)
}

func currentReadOnlyGuard(t reporter, store eventcore.Store) {
	write(t, store, event("read"), event("other"), event("read"))
	appended, err := try(t.Context(), store, guards(guard("read", 2), guard("written", 0)), event("written"))
	if err != nil || appended.Previous != 3 || appended.Events[0].Position != 4 {
		t.Errorf("got %+v, %v; want position 4 and no error", appended, err)
	}
}

func guardAtZero(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	_, err := try(t.Context(), store, guards(guard("a", 0)), event("b"))
	expectRefusal(t, store, err, eventcore.ErrConflict, 1)
	if _, err := try(t.Context(), store, guards(guard("never", 0)), event("b")); err != nil {
		t.Errorf("guard on a stream without events: %v", err)
	}
}

func guardAhead(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	_, err := try(t.Context(), store, guards(guard("a", 2)), event("a"))
	expectRefusal(t, store, err, eventcore.ErrConflict, 1)
	_, err = try(t.Context(), store, guards(guard("never", 1)), event("a"))
	expectRefusal(t, store, err, eventcore.ErrConflict, 1)
}

func emptyAppendGuards(t reporter, store eventcore.Store) {
	write(t, store, event("a"), event("b"))
	appended, err := try(t.Context(), store, guards(guard("a", 1), guard("b", 1), guard("never", 0)))
	if err != nil || appended.Previous != 2 {
		t.Errorf("got %+v, %v; want the head 2 and no error", appended, err)
	}
	_, err = try(t.Context(), store, guards(guard("a", 1), guard("b", 0)))
	expectRefusal(t, store, err, eventcore.ErrConflict, 2)
}

func oneStaleGuard(t reporter, store eventcore.Store) {
	write(t, store, event("a"), event("b"))
	_, err := try(t.Context(), store, guards(guard("a", 1), guard("b", 0)), event("a"), event("b"))
	expectRefusal(t, store, err, eventcore.ErrConflict, 2)
}

func namesConflicts(t reporter, store eventcore.Store) {
	write(t, store, event("a", "b"), event("b"))
	_, err := try(t.Context(), store, guards(guard("a", 0), guard("never", 0), guard("b", 1)), event("a"))
	conflict, ok := errors.AsType[*eventcore.ConflictError](err)
	if !ok {
		t.Fatalf("got %v, want a ConflictError", err)
	}
	want := []eventcore.Conflict{{Stream: "a", Expected: 0, Actual: 1}, {Stream: "b", Expected: 1, Actual: 2}}
	if len(conflict.Conflicts) != 2 || conflict.Conflicts[0] != want[0] || conflict.Conflicts[1] != want[1] {
		t.Errorf("conflicts %+v, want %+v", conflict.Conflicts, want)
	}
}

// hinted appends one event to the stream written, with a head hint and a guard on the stream read at version 1.
func hinted(t reporter, store eventcore.Store, hint eventcore.Position) error {
	_, err := store.Append(t.Context(), eventcore.AppendRequest{
		ID: uuid.Must(uuid.NewV7()), Head: hint, Guards: guards(guard("read", 1)),
		Events: []eventcore.Event{event("written")},
	})
	return err
}

func staleHint(t reporter, store eventcore.Store) {
	write(t, store, event("read"), event("other"))
	if err := hinted(t, store, 1); err != nil {
		t.Errorf("a guard holds although the head has moved: %v", err)
	}
}

func staleHintStaleGuard(t reporter, store eventcore.Store) {
	write(t, store, event("read"), event("read"))
	expectRefusal(t, store, hinted(t, store, 1), eventcore.ErrConflict, 2)
}

func currentHint(t reporter, store eventcore.Store) {
	write(t, store, event("read"), event("other"))
	if err := hinted(t, store, 2); err != nil {
		t.Errorf("nothing has changed: %v", err)
	}
}

func hintAhead(t reporter, store eventcore.Store) {
	write(t, store, event("read"), event("read"))
	expectRefusal(t, store, hinted(t, store, 3), eventcore.ErrConflict, 2)
	expectRefusal(t, store, hinted(t, store, 1<<62), eventcore.ErrConflict, 2)
}

func zeroHint(t reporter, store eventcore.Store) {
	expectRefusal(t, store, hinted(t, store, 0), eventcore.ErrConflict, 0)
}
