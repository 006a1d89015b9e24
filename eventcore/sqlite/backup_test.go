// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/inspect"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

// appendForBackup appends an event of two streams, with a payload of so many bytes.
func appendForBackup(t *testing.T, store *sqlite.Store, bytes int) {
	t.Helper()
	data := `{"some":"` + strings.Repeat("x", bytes) + `"}`
	if _, err := appendEvents(t.Context(), store, pending(data, "one", "all")); err != nil {
		t.Fatal(err)
	}
}

func TestABackupIsOneMomentWhileEventsAreAppended(t *testing.T) {
	folder := t.TempDir()
	store := openStore(t, filepath.Join(folder, "events.db"))
	for range 12 {
		appendForBackup(t, store, 1<<20)
	}
	model, err := store.ReadModel("model")
	if err == nil {
		err = model.Update(t.Context(), 0, 7, []eventcore.Change{{Key: "key", Value: []byte("value")}})
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "backup.db")
	steps, last := 0, 0
	report, err := store.Backup(t.Context(), path, inspect.Options{Progress: func(phase string, done, total int) {
		if phase == "copy pages" {
			if steps++; done <= last || done > total {
				t.Errorf("%d of %d pages after %d", done, total, last)
			}
			last = done
		}
		appendForBackup(t, store, 1)
	}})
	if err != nil || report.Head != 12 || report.Streams != 2 || steps < 3 {
		t.Fatalf("%+v, %v, %d steps; want 12 events, in several", report, err, steps)
	}
	if head, _ := store.Head(t.Context()); head < 15 {
		t.Errorf("the head is %d: nothing was appended meanwhile", head)
	}
	expectFileAlone(t, folder, path)

	restored := openStore(t, path)
	if err := eventcore.CheckHistory(t.Context(), restored, store.Identity(), report.Head); err != nil {
		t.Error(err)
	}
	copied, err := restored.ReadModel("model")
	if err != nil {
		t.Fatal(err)
	}
	if value, _, err := copied.Get(t.Context(), "key"); string(value) != "value" || err != nil {
		t.Errorf("the read model has %q, %v", value, err)
	}
	appendForBackup(t, restored, 1)
	checked, err := inspect.Check(t.Context(), restored, inspect.Options{})
	if err != nil || checked.Err() != nil || checked.Head != report.Head+1 {
		t.Errorf("%+v, %v", checked, err)
	}
}

// expectFileAlone says that the file is its owner's, and that nothing else was left behind.
func expectFileAlone(t *testing.T, folder, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup has the mode %v, %v", info.Mode(), err)
	}
	for _, pattern := range []string{filepath.Join(folder, ".backup-*"), path + "-*"} {
		if files, err := filepath.Glob(pattern); err != nil || len(files) > 0 {
			t.Errorf("it has left %v, %v", files, err)
		}
	}
}

func TestAnExportIsABackupOfAStoreOfAnyKind(t *testing.T) {
	from := memory.New(memory.Options{Limits: eventcore.Limits{Memberships: 10_000, Bytes: 1 << 20}})
	events := slices.Repeat([]eventcore.Event{pending(`{}`, "one", "all")}, 5_000)
	for i := range events {
		events[i].ID = uuid.New()
	}
	request := eventcore.AppendRequest{ID: uuid.New(), Events: events}
	if _, err := from.Append(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	identity, err := from.AcceptRollback(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "export.db")
	report, err := sqlite.Export(t.Context(), from, path, inspect.Options{})
	if err != nil || report.Events != 5_000 {
		t.Fatalf("%+v, %v; want 5,000 events", report, err)
	}
	expectFileAlone(t, folder, path)
	restored := memory.New(memory.Options{StoreID: identity.StoreID})
	if _, err := inspect.Copy(t.Context(), openStore(t, path), restored, inspect.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := eventcore.CheckHistory(t.Context(), restored, identity, 5_000); err != nil {
		t.Errorf("restored: %v", err)
	}
}

func TestAnExportThatFailsLeavesNoFile(t *testing.T) {
	from := openStore(t, filepath.Join(t.TempDir(), "events.db"))
	appendForBackup(t, from, 1)
	folder := t.TempDir()
	path := filepath.Join(folder, "export.db")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := sqlite.Export(ctx, from, path, inspect.Options{Progress: func(string, int, int) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Export(t.Context(), from, path, inspect.Options{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto another file: %v, want that it exists", err)
	}
	if content, err := os.ReadFile(path); string(content) != "precious" {
		t.Errorf("it is %q now, %v", content, err)
	}
}

func TestABackupNeverReplacesAFileThatCameToBeMeanwhile(t *testing.T) {
	folder := t.TempDir()
	store := openStore(t, filepath.Join(folder, "events.db"))
	path := filepath.Join(folder, "backup.db")
	_, err := store.Backup(t.Context(), path, inspect.Options{Progress: func(string, int, int) {
		if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
			t.Error(err)
		}
	}})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want that it exists", err)
	}
	if content, err := os.ReadFile(path); string(content) != "precious" {
		t.Errorf("it is %q now, %v", content, err)
	}
}

func TestABackupTakesTheNameOfNoOtherFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "events.db")
	store := openStore(t, path)
	if _, err := store.Backup(t.Context(), path, inspect.Options{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto itself: %v, want that it exists", err)
	}
	if _, err := store.Backup(t.Context(), filepath.Join(folder, "none", "backup.db"), inspect.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into a folder that does not exist: %v, want that", err)
	}
	appendForBackup(t, store, 8<<20-100)
	ended, cancel := context.WithCancel(t.Context())
	amid := inspect.Options{Progress: func(string, int, int) { cancel() }}
	if _, err := store.Backup(ended, filepath.Join(folder, "backup.db"), amid); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	entries, err := filepath.Glob(filepath.Join(folder, "*backup*"))
	if err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestADamagedDatabaseHasNoBackup(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "events.db")
	store := openStoreWith(t, path, sqlite.Options{IndexEvery: 1})
	for range 5 {
		appendForBackup(t, store, 1)
	}
	conn := openRaw(t, path)
	script(t, conn, "DROP TRIGGER memberships_stay")
	script(t, conn, "DELETE FROM memberships WHERE position = 3")
	report, err := store.Backup(t.Context(), filepath.Join(folder, "backup.db"), inspect.Options{})
	if !errors.Is(err, inspect.ErrDamaged) || len(report.Violations) != 2 {
		t.Errorf("%+v, %v; want two memberships that are missing", report, err)
	}
	if _, err := os.Stat(filepath.Join(folder, "backup.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a damaged backup got its name: %v", err)
	}
}
