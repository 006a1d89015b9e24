// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
)

var errDisk = errors.New("the disk failed")

func newStore(t *testing.T, options Options) (*Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.db")
	store, err := Open(t.Context(), path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return store, path
}

func appendTo(ctx context.Context, store *Store, stream eventcore.StreamID) (eventcore.Appended, error) {
	event := eventcore.Event{
		ID: uuid.New(), Type: "Tested", Data: []byte(`{}`), Streams: []eventcore.Membership{{Stream: stream}}, Payload: "decoded",
	}
	return store.Append(ctx, eventcore.AppendRequest{ID: uuid.New(), Events: []eventcore.Event{event}})
}

// failCommits makes the next commits fail: those marked true before they happen, the others after.
func failCommits(store *Store, before ...bool) {
	commit := store.writer.commit
	store.writer.commit = func(conn *sqlite.Conn) error {
		if len(before) == 0 {
			return commit(conn)
		}
		first := before[0]
		before = before[1:]
		if first {
			return errDisk
		}
		return errors.Join(commit(conn), errDisk)
	}
}

func expectHead(t *testing.T, store *Store, want eventcore.Position) {
	t.Helper()
	if head, err := store.Head(t.Context()); err != nil || head != want {
		t.Errorf("head %d, %v; want %d", head, err, want)
	}
}

func TestACommitThatFailedWithoutEffectIsAnErrorAndNothingIsWritten(t *testing.T) {
	store, _ := newStore(t, Options{})
	failCommits(store, true)
	_, err := appendTo(t.Context(), store, "a")
	if !errors.Is(err, errDisk) || errors.Is(err, eventcore.ErrOutcomeUnknown) {
		t.Errorf("got %v, want the disk's error, and certainty", err)
	}
	expectHead(t, store, 0)
	if appended, err := appendTo(t.Context(), store, "a"); err != nil || appended.Events[0].Streams[0].Version != 1 {
		t.Errorf("append afterwards: %+v, %v", appended, err)
	}
}

func TestACommitThatReportedAnErrorButHappenedIsASuccess(t *testing.T) {
	store, _ := newStore(t, Options{})
	failCommits(store, false)
	appended, err := appendTo(t.Context(), store, "a")
	if err != nil || appended.Events[0].Position != 1 {
		t.Errorf("got %+v, %v; want position 1", appended, err)
	}
	expectHead(t, store, 1)
	if appended, err := appendTo(t.Context(), store, "a"); err != nil || appended.Events[0].Streams[0].Version != 2 {
		t.Errorf("append afterwards: %+v, %v", appended, err)
	}
}

func TestACommitWhoseOutcomeCannotBeFoundOutIsUnknown(t *testing.T) {
	for name, happened := range map[string]bool{"it happened": true, "it did not": false} {
		t.Run(name, func(t *testing.T) {
			store, _ := newStore(t, Options{})
			failCommits(store, !happened, true)
			_, err := appendTo(t.Context(), store, "a")
			if !errors.Is(err, eventcore.ErrOutcomeUnknown) || !errors.Is(err, errDisk) {
				t.Errorf("got %v, want ErrOutcomeUnknown and its cause", err)
			}
			before := eventcore.Version(0)
			if happened {
				before = 1
			}
			appended, err := appendTo(t.Context(), store, "a")
			if err != nil || appended.Events[0].Streams[0].Version != before+1 {
				t.Errorf("append afterwards: %+v, %v; want version %d", appended, err, before+1)
			}
			expectHead(t, store, eventcore.Position(before+1))
		})
	}
}

func TestAWriteWaitsForAnotherProcessUntilItsContextOrTheTimeOutEnds(t *testing.T) {
	store, path := newStore(t, Options{BusyTimeout: 20 * time.Millisecond})
	other, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if err := execute(other, "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if _, err := appendTo(t.Context(), store, "a"); !isBusy(err) {
		t.Errorf("got %v, want BUSY", err)
	}
	store.writer.busyTimeout = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := appendTo(ctx, store, "a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
	if err := execute(other, "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if _, err := appendTo(t.Context(), store, "a"); err != nil {
		t.Errorf("append afterwards: %v", err)
	}
	expectHead(t, store, 1)
}

func TestVersionsStayRightWhenTheCacheOfHeadsTurnsOver(t *testing.T) {
	h := newHeads(0)
	for i := range 3 * headsKept {
		id := eventcore.StreamID(rune('a'+i%26)) + eventcore.StreamID(rune(0x4e00+i/26))
		h.staged[id] = eventcore.Version(i + 1)
		h.commit(eventcore.Position(i + 1))
		if version, found := h.cached(id); !found || version != eventcore.Version(i+1) {
			t.Fatalf("stream %d: version %d, %t", i, version, found)
		}
		if len(h.recent) > headsKept || len(h.older) > headsKept {
			t.Fatalf("%d and %d heads are kept", len(h.recent), len(h.older))
		}
	}
}

func TestASubscriberOfTheAppendingProcessGetsThePayload(t *testing.T) {
	store, _ := newStore(t, Options{})
	if _, err := appendTo(t.Context(), store, "a"); err != nil {
		t.Fatal(err)
	}
	for batch, err := range store.Subscribe(t.Context(), 0, eventcore.Filter{}) {
		if err != nil || len(batch.Events) != 1 || batch.Events[0].Payload != "decoded" {
			t.Errorf("got %+v, %v; want one event with its payload", batch, err)
		}
		break
	}
	if store.poller.subscribers != 0 {
		t.Errorf("%d subscribers are left", store.poller.subscribers)
	}
}
