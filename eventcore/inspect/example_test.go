// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/inspect"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

// count runs commands that append numbers to the stream "counted".
func count(ctx context.Context, store eventcore.Store, numbers ...int) error {
	executor, err := eventcore.NewExecutor(ctx, store, registry, eventcore.ExecutorOptions{})
	if err != nil {
		return err
	}
	defer executor.Close()
	for _, number := range numbers {
		if _, err := executor.Execute(ctx, Count{Numbers: []int{number}}); err != nil {
			return err
		}
	}
	return nil
}

// What was the state when a decision was made, and what has led to it?
func ExampleAt() {
	ctx, store := context.Background(), memory.New(memory.Options{})
	if err := count(ctx, store, 1, 10, 100); err != nil {
		fmt.Println(err)
		return
	}
	then, err := inspect.At[Sum](ctx, store, registry, "counted", 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("at position 2 it was", then.State, "at version", then.Version)
	for event, err := range inspect.History(ctx, store, registry, "counted") {
		fmt.Println(event.Position, event.Type, event.Payload, err)
	}
	// Output:
	// at position 2 it was 11 at version 2
	// 1 Counted {1} <nil>
	// 2 Counted {10} <nil>
	// 3 Counted {100} <nil>
}

func ExampleStreams() {
	ctx, store := context.Background(), memory.New(memory.Options{})
	if err := count(ctx, store, 1, 10); err != nil {
		fmt.Println(err)
		return
	}
	streams, err := inspect.Streams(ctx, store, eventcore.Filter{Prefixes: []string{"count"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, stream := range streams {
		fmt.Println(stream.ID, "has", stream.Version, "events, the last one at position", stream.Last)
	}
	// Output: counted has 2 events, the last one at position 2
}

// A history is checked while the store is in use. The report tells what is wrong, and Err whether anything is.
func ExampleCheck() {
	ctx, store := context.Background(), memory.New(memory.Options{})
	if err := count(ctx, store, 1, 10, 100); err != nil {
		fmt.Println(err)
		return
	}
	check := func(store eventcore.Store) error {
		report, err := inspect.Check(ctx, store, inspect.Options{Registry: registry})
		if err != nil {
			return err
		}
		fmt.Println(report.Events, "events in", report.Streams, "streams")
		for _, violation := range report.Violations {
			fmt.Println(violation)
		}
		return report.Err()
	}
	fmt.Println("damaged:", check(store) != nil)
	without2 := func(events []eventcore.Event) []eventcore.Event { return notAt(events, 2) }
	fmt.Println("damaged:", check(&altered{Store: store, log: without2, stream: without2}) != nil)
	// Output:
	// 3 events in 1 streams
	// damaged: false
	// 2 events in 1 streams
	// Order: position 3: it comes right after position 1: what lay between is missing
	// Versions: position 3, stream counted: version 3 comes right after version 1: an event of the stream is missing
	// damaged: true
}

// A store of any kind is backed up into a file, and restored from it into a store of any kind.
func ExampleCopy() {
	folder, err := os.MkdirTemp("", "backup")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	ctx, store := context.Background(), memory.New(memory.Options{})
	if err := count(ctx, store, 1, 10, 100); err != nil {
		fmt.Println(err)
		return
	}
	path := filepath.Join(folder, "backup.db")
	if _, err := sqlite.Export(ctx, store, path, inspect.Options{}); err != nil {
		fmt.Println(err)
		return
	}
	if err := count(ctx, store, 1_000); err != nil {
		fmt.Println(err)
		return
	}
	if err := restore(ctx, path, store.Identity()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// restored 3 events
	// at position 4: the store's history was rolled back: position 4 was seen, its head is 3
}

func restore(ctx context.Context, path string, identity eventcore.Identity) error {
	backup, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = backup.Close() }()
	restored := newStore(backup.Identity().StoreID) // empty, and of the same identity
	report, err := inspect.Copy(ctx, backup, restored, inspect.Options{})
	if err != nil {
		return err
	}
	fmt.Println("restored", report.Events, "events")
	fmt.Println("at position 4:", eventcore.CheckHistory(ctx, restored, identity, 4))
	return nil
}

func newStore(id uuid.UUID) eventcore.Store { return memory.New(memory.Options{StoreID: id}) }
