// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"slices"
	"strconv"

	"github.com/eventcore/order-operator/eventcore"
)

func readModelContracts() []contract {
	return []contract{
		{"a read model starts empty at checkpoint 0", modelEmpty},
		{"a read model keeps its documents and its checkpoint together", modelUpdate},
		{"a change without a value deletes, an empty value does not", modelDelete},
		{"an update from another checkpoint is refused and writes nothing", modelMoved},
		{"of concurrent updates from one checkpoint exactly one succeeds", modelOneWinner},
		{"all documents come in the order of their keys' bytes", modelOrder},
		{"read models are told apart by their names", modelNames},
		{"a read model's name follows the rules of a stream id", modelInvalidName},
		{"a read model may be read while it is iterated and updated", modelNested},
	}
}

func model(t reporter, store eventcore.Store, name string) eventcore.ReadModel {
	t.Helper()
	model, err := store.ReadModel(name)
	if err != nil {
		t.Fatalf("read model %q: %v", name, err)
	}
	return model
}

func update(t reporter, model eventcore.ReadModel, from, to eventcore.Position, changes ...eventcore.Change) {
	t.Helper()
	if err := model.Update(t.Context(), from, to, changes); err != nil {
		t.Fatalf("update from %d to %d: %v", from, to, err)
	}
}

func set(key, value string) eventcore.Change { return eventcore.Change{Key: key, Value: []byte(value)} }

// expectModel compares the checkpoint and all documents, given as key, value and so on.
func expectModel(t reporter, model eventcore.ReadModel, checkpoint eventcore.Position, want ...string) {
	t.Helper()
	position, err := model.Checkpoint(t.Context())
	if err != nil || position != checkpoint {
		t.Errorf("checkpoint %d, %v; want %d", position, err, checkpoint)
	}
	var got []string
	for document, err := range model.All(t.Context()) {
		if err != nil {
			t.Fatalf("all documents: %v", err)
		}
		got = append(got, document.Key, string(document.Value))
		value, found, err := model.Get(t.Context(), document.Key)
		if err != nil || !found || string(value) != string(document.Value) {
			t.Errorf("get %q: %q, %t, %v; want %q", document.Key, value, found, err, document.Value)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("documents %q, want %q", got, want)
	}
}

func modelEmpty(t reporter, store eventcore.Store) {
	empty := model(t, store, "empty")
	expectModel(t, empty, 0)
	if value, found, err := empty.Get(t.Context(), "key"); found || err != nil || value != nil {
		t.Errorf("got %q, %t, %v; want nothing", value, found, err)
	}
}

func modelUpdate(t reporter, store eventcore.Store) {
	orders := model(t, store, "orders")
	update(t, orders, 0, 3, set("a", "1"), set("b", "2"))
	expectModel(t, orders, 3, "a", "1", "b", "2")
	update(t, orders, 3, 4, set("b", "3"), set("c", "4"), set("c", "5"))
	expectModel(t, orders, 4, "a", "1", "b", "3", "c", "5")
	update(t, orders, 4, 9)
	expectModel(t, model(t, store, "orders"), 9, "a", "1", "b", "3", "c", "5")
	if position := head(t, store); position != 0 {
		t.Errorf("head %d: an update of a read model is no event", position)
	}
}

func modelDelete(t reporter, store eventcore.Store) {
	orders := model(t, store, "orders")
	update(t, orders, 0, 1, set("a", "1"), set("b", ""), set("", "empty key"))
	expectModel(t, orders, 1, "", "empty key", "a", "1", "b", "")
	update(t, orders, 1, 2, eventcore.Change{Key: "a"}, eventcore.Change{Key: "never"}, eventcore.Change{Key: ""})
	expectModel(t, orders, 2, "b", "")
	update(t, orders, 2, 3, set("a", "again"), eventcore.Change{Key: "b"})
	expectModel(t, orders, 3, "a", "again")
}

func modelMoved(t reporter, store eventcore.Store) {
	orders := model(t, store, "orders")
	update(t, orders, 0, 5, set("a", "1"))
	for _, from := range []eventcore.Position{0, 4, 6} {
		err := orders.Update(t.Context(), from, 7, []eventcore.Change{set("a", "2"), set("b", "2")})
		if !errors.Is(err, eventcore.ErrCheckpointMoved) {
			t.Errorf("update from %d: %v, want ErrCheckpointMoved", from, err)
		}
	}
	err := model(t, store, "never").Update(t.Context(), 1, 2, []eventcore.Change{set("a", "2")})
	if !errors.Is(err, eventcore.ErrCheckpointMoved) {
		t.Errorf("first update from 1: %v, want ErrCheckpointMoved", err)
	}
	expectModel(t, orders, 5, "a", "1")
	expectModel(t, model(t, store, "never"), 0)
	update(t, orders, 5, 0, eventcore.Change{Key: "a"})
	expectModel(t, orders, 0)
}

func modelOneWinner(t reporter, store eventcore.Store) {
	orders := model(t, store, "orders")
	results := make([]error, 8)
	concurrently(len(results), func(number int) {
		change := set("winner", strconv.Itoa(number))
		results[number] = orders.Update(t.Context(), 0, positionOf(number+1), []eventcore.Change{change})
	})
	winner := -1
	for number, err := range results {
		switch {
		case err == nil && winner >= 0:
			t.Errorf("both %d and %d succeeded", winner, number)
		case err == nil:
			winner = number
		case !errors.Is(err, eventcore.ErrCheckpointMoved):
			t.Errorf("update %d: %v, want ErrCheckpointMoved", number, err)
		}
	}
	expectModel(t, orders, positionOf(winner+1), "winner", strconv.Itoa(winner))
}

func modelOrder(t reporter, store eventcore.Store) {
	keys := []string{"b", "a/2", "a/10", "B", "é", "e", "z", "\u65e5", "a", "a\x00b", "'", "_", "%"}
	changes := make([]eventcore.Change, 0, len(keys))
	for _, key := range keys {
		changes = append(changes, set(key, "v "+key))
	}
	orders := model(t, store, "orders")
	update(t, orders, 0, 1, changes...)
	slices.Sort(keys)
	want := make([]string, 0, 2*len(keys))
	for _, key := range keys {
		want = append(want, key, "v "+key)
	}
	expectModel(t, orders, 1, want...)
}

func modelNames(t reporter, store eventcore.Store) {
	update(t, model(t, store, "one"), 0, 1, set("a", "1"))
	update(t, model(t, store, "One"), 0, 2, set("a", "2"))
	expectModel(t, model(t, store, "one"), 1, "a", "1")
	expectModel(t, model(t, store, "One"), 2, "a", "2")
	expectModel(t, model(t, store, "on"), 0)
}

func modelInvalidName(t reporter, store eventcore.Store) {
	for _, name := range []string{"", " a", "a*", "a\n"} {
		if _, err := store.ReadModel(name); !errors.Is(err, eventcore.ErrInvalidStreamID) {
			t.Errorf("read model %q: %v, want ErrInvalidStreamID", name, err)
		}
	}
}

func modelNested(t reporter, store eventcore.Store) {
	orders := model(t, store, "orders")
	update(t, orders, 0, 1, set("a", "1"), set("b", "2"), set("c", "3"))
	position := eventcore.Position(1)
	for document, err := range orders.All(t.Context()) {
		if err != nil {
			t.Fatalf("all documents: %v", err)
		}
		update(t, orders, position, position+1, set(document.Key, "seen"), set("d", "new"))
		position++
	}
	expectModel(t, orders, position, "a", "seen", "b", "seen", "c", "seen", "d", "new")
}
