// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	zombiezen "zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	foreign := filepath.Join(dir, "foreign.db")
	script(t, openRaw(t, foreign), "CREATE TABLE something (id INTEGER)")
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	missing, later := filepath.Join(dir, "missing"), filepath.Join(dir, "later.db")
	if err := openStore(t, later).Close(); err != nil {
		t.Fatal(err)
	}
	script(t, openRaw(t, later), "PRAGMA user_version = 99")
	for name, test := range map[string]struct{ path, want string }{
		"an empty path":            {"", "the path of the database is empty"},
		"a missing folder":         {filepath.Join(missing, "e.db"), "the folder " + missing + " does not exist: create it"},
		"a file as folder":         {filepath.Join(text, "events.db"), "not a"},
		"a folder":                 {dir, "it is a folder"},
		"a foreign database":       {foreign, "this is no event store of ours"},
		"a file of something else": {text, "not a database"},
		"a later version":          {later, "later version (schema 99, this one knows 3): upgrade"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sqlite.Open(t.Context(), test.path, sqlite.Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
			if err != nil && !strings.Contains(err.Error(), test.path) {
				t.Errorf("the error does not name the path: %v", err)
			}
		})
	}
}

func TestAForeignDatabaseIsLeftAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "foreign.db")
	conn, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite, zombiezen.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	script(t, conn, "CREATE TABLE something (id INTEGER)")
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), path, sqlite.Options{}); err == nil {
		t.Error("it was opened")
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("it was changed (%v)", err)
	}
}

func TestSeveralMayCreateTheSameStoreAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	identities := make([]eventcore.Identity, 8)
	var group sync.WaitGroup
	for i := range identities {
		group.Go(func() {
			store, err := sqlite.Open(t.Context(), path, sqlite.Options{BusyTimeout: time.Minute})
			if err != nil {
				t.Error(err)
				return
			}
			identities[i] = store.Identity()
			if _, err := appendEvents(t.Context(), store, pending(`{}`, "a")); err != nil {
				t.Error(err)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, identity := range identities {
		if identity != identities[0] {
			t.Errorf("identities %v, want one", identities)
			break
		}
	}
	expectIntact(t, path, 8, 0)
}

func TestTheFilesAreReadableByTheirOwnerAlone(t *testing.T) {
	dir := t.TempDir()
	store := openStore(t, filepath.Join(dir, "events.db"))
	if _, err := appendEvents(t.Context(), store, pending(`{}`, "a")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < 3 {
		t.Fatalf("%d files, %v; want the database, the WAL and its index", len(entries), err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v; want 0600", entry.Name(), info.Mode(), err)
		}
	}
}

func TestPathsWithSpecialMeaningAreFilesLikeOthers(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{":memory:", "file:events.db?mode=memory", "spaces and ünïcode?.db"} {
		store := openStore(t, path)
		if _, err := appendEvents(t.Context(), store, pending(`{}`, "a")); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestAGivenIdentityIsForANewHistoryOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	first, second := uuid.New(), uuid.New()
	for _, given := range []uuid.UUID{first, second, uuid.Nil} {
		store, err := sqlite.Open(t.Context(), path, sqlite.Options{StoreID: given})
		if err != nil {
			t.Fatal(err)
		}
		if got := store.Identity().StoreID; got != first {
			t.Errorf("identity %s, want %s", got, first)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}
