// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

// childVariable holds what this test binary shall do as a process of its own, childPath the store's file.
const (
	childVariable = "EVENTCORE_SQLITE_TEST_CHILD"
	childPath     = "EVENTCORE_SQLITE_TEST_PATH"
)

func TestMain(m *testing.M) {
	role := os.Getenv(childVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := child(context.Background(), role, os.Getenv(childPath)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child(ctx context.Context, role, path string) error {
	store, err := sqlite.Open(ctx, path, sqlite.Options{BusyTimeout: time.Minute})
	if err != nil {
		return err
	}
	if role == "append" {
		return appendForEver(ctx, store)
	}
	count, err := strconv.Atoi(role)
	if err != nil {
		return err
	}
	return errors.Join(appendGuarded(ctx, store, count), store.Close())
}

// startChild starts this test binary again. The process is killed when the test ends, if it still runs.
func startChild(t *testing.T, role, path string) (*exec.Cmd, io.Reader) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), childVariable+"="+role, childPath+"="+path)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command, output
}

func pending(data string, streams ...eventcore.StreamID) eventcore.Event {
	event := eventcore.Event{ID: uuid.Must(uuid.NewV7()), Type: "Tested", SchemaVersion: 1, Data: []byte(data)}
	for _, stream := range streams {
		event.Streams = append(event.Streams, eventcore.Membership{Stream: stream})
	}
	return event
}

func appendEvents(ctx context.Context, store *sqlite.Store, events ...eventcore.Event) (eventcore.Appended, error) {
	return store.Append(ctx, eventcore.AppendRequest{ID: uuid.New(), Events: events})
}

// appendForEver prints the last position of every append that the store has acknowledged.
func appendForEver(ctx context.Context, store *sqlite.Store) error {
	for number := 0; ; number++ {
		own := eventcore.StreamID(fmt.Sprintf("order-%d", number%7))
		appended, err := appendEvents(ctx, store, pending(`{}`, own, "all"), pending(`{}`, "all"))
		if err != nil {
			return err
		}
		fmt.Println(appended.Events[1].Position)
	}
}

func TestEveryAcknowledgedAppendSurvivesAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	for round, lines := range []int{1, 150, 37, 4, 90} {
		command, output := startChild(t, "append", path)
		acknowledged := eventcore.Position(0)
		scanner := bufio.NewScanner(output)
		for line := 0; scanner.Scan(); line++ {
			position, err := strconv.ParseUint(scanner.Text(), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			acknowledged = eventcore.Position(position)
			if line == lines {
				// What it prints between here and its end counts too: the loop reads on.
				if err := command.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := command.Wait(); err == nil {
			t.Fatal("the process ended by itself")
		}
		expectIntact(t, path, acknowledged, round)
	}
}

// expectIntact says that the log reaches at least to the position and has no gaps.
func expectIntact(t *testing.T, path string, least eventcore.Position, round int) {
	t.Helper()
	store := openStore(t, path)
	versions := map[eventcore.StreamID]eventcore.Version{}
	last := eventcore.Position(0)
	for event, err := range store.Read(t.Context(), eventcore.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Position != last+1 {
			t.Fatalf("round %d: position %d follows %d", round, event.Position, last)
		}
		last = event.Position
		for _, membership := range event.Streams {
			versions[membership.Stream]++
			if membership.Version != versions[membership.Stream] {
				t.Fatalf("round %d: position %d: %+v, want version %d", round, last, membership, versions[membership.Stream])
			}
		}
	}
	if last < least || last%2 != 0 {
		t.Errorf("round %d: the log ends at %d; %d was acknowledged, by appends of two events", round, last, least)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	expectIntegrity(t, path)
}

// appendGuarded appends count events, each with what its guards were when it was decided.
func appendGuarded(ctx context.Context, store *sqlite.Store, count int) error {
	for written := 0; written < count; {
		held, head, err := readGuards(ctx, store)
		if err != nil {
			return err
		}
		data, err := json.Marshal(held)
		if err != nil {
			return err
		}
		event := pending(string(data), held[(written+os.Getpid())%len(held)].Stream)
		_, err = store.Append(ctx, eventcore.AppendRequest{
			ID: uuid.New(), Head: head, Guards: held, Events: []eventcore.Event{event},
		})
		switch {
		case err == nil:
			written++
		case !errors.Is(err, eventcore.ErrConflict):
			return err
		}
	}
	return nil
}

// readGuards returns the versions of two streams, and the head at which they hold.
func readGuards(ctx context.Context, store *sqlite.Store) ([]eventcore.Guard, eventcore.Position, error) {
	held := []eventcore.Guard{{Stream: "left"}, {Stream: "right"}}
	head := eventcore.Position(0)
	for event, err := range store.Read(ctx, eventcore.Query{}) {
		if err != nil {
			return nil, 0, err
		}
		for i := range held {
			if version, found := event.VersionIn(held[i].Stream); found {
				held[i].Version = version
			}
		}
		head = event.Position
	}
	return held, head, nil
}

func TestTwoProcessesShareAFileWithoutLosingAConflict(t *testing.T) {
	const each, processes = 60, 2
	path := filepath.Join(t.TempDir(), "events.db")
	store := openStore(t, path)
	commands := make([]*exec.Cmd, processes)
	for i := range commands {
		commands[i], _ = startChild(t, strconv.Itoa(each), path)
	}
	if err := appendGuarded(t.Context(), store, each); err != nil {
		t.Fatal(err)
	}
	versions := map[eventcore.StreamID]eventcore.Version{}
	for _, event := range followAll(t, store, each*(processes+1)) {
		var held []eventcore.Guard
		if err := json.Unmarshal(event.Data, &held); err != nil {
			t.Fatal(err)
		}
		for _, guard := range held {
			if versions[guard.Stream] != guard.Version {
				t.Errorf("position %d: %s was at %d, not at %d: a lost conflict",
					event.Position, guard.Stream, versions[guard.Stream], guard.Version)
			}
		}
		versions[event.Streams[0].Stream]++
		if event.Streams[0].Version != versions[event.Streams[0].Stream] {
			t.Errorf("position %d: %+v, want version %d", event.Position, event.Streams, versions[event.Streams[0].Stream])
		}
	}
	for _, command := range commands {
		if err := command.Wait(); err != nil {
			t.Errorf("the other process: %v", err)
		}
	}
}

// followAll subscribes until it has seen count events, without gaps.
func followAll(t *testing.T, store *sqlite.Store, count int) []eventcore.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var events []eventcore.Event
	for batch, err := range store.Subscribe(ctx, 0, eventcore.Filter{}) {
		if err != nil {
			t.Fatalf("after %d events: %v", len(events), err)
		}
		for _, event := range batch.Events {
			events = append(events, event)
			if event.Position != eventcore.Position(len(events)) {
				t.Fatalf("event %d is at position %d", len(events), event.Position)
			}
		}
		if len(events) >= count {
			break
		}
	}
	return events
}

func TestASubscriberSeesWhatAnotherProcessAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	store := openStore(t, path)
	command, _ := startChild(t, "append", path)
	followAll(t, store, 100)
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	appended, err := appendEvents(t.Context(), store, pending(`{}`, "all", "new"))
	if err != nil {
		t.Fatal(err)
	}
	version := appended.Events[0].Streams[0].Version
	if version != eventcore.Version(appended.Previous+1) {
		t.Errorf("the version in a stream of all %d events is %d", appended.Previous, version)
	}
}
