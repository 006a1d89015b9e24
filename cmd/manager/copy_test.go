// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/open"
)

// fill makes a store with so many events more than it has.
func fill(t *testing.T, dsn string, events int) eventcore.Identity {
	t.Helper()
	store, err := open.Store(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	for range events {
		_, err := store.Append(t.Context(), eventcore.AppendRequest{ID: uuid.New(), Events: []eventcore.Event{{
			ID: uuid.New(), Type: "RollbackAccepted", SchemaVersion: 1, Data: []byte(`{"epoch":1}`),
			Streams:  []eventcore.Membership{{Stream: "operator-history"}},
			Metadata: eventcore.Metadata{Actor: "test", CorrelationID: store.Identity().StoreID.String() + "/history"},
		}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return store.Identity()
}

// manage runs a command, and returns its exit code and all that it says.
func manage(t *testing.T, arguments ...string) (int, string) {
	t.Helper()
	var said strings.Builder
	return execute(t.Context(), arguments[0], arguments[1:], &said, &said), said.String()
}

func TestABackupIsRestoredInPlaceOfTheStore(t *testing.T) {
	folder := t.TempDir()
	dsn, backups := "sqlite:"+filepath.Join(folder, "events.db"), filepath.Join(folder, "backups")
	if err := os.Mkdir(backups, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, old := range []string{"events-20250101T000000Z.db", "events-20250102T000000Z.db", "other.db"} {
		if err := os.WriteFile(filepath.Join(backups, old), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := fill(t, dsn, 3)
	if code, said := manage(t, "backup", "--store="+dsn, "--to="+backups, "--keep=2"); code != 0 || !strings.Contains(said, "3 events") {
		t.Fatalf("backup: %d: %s", code, said)
	}
	kept, err := filepath.Glob(filepath.Join(backups, "*"))
	if err != nil || len(kept) != 3 || strings.Contains(fmt.Sprint(kept), "20250101") {
		t.Fatalf("kept: %v, %v", kept, err)
	}
	fill(t, dsn, 2)
	backup := kept[1]
	if code, said := manage(t, "restore", "--store="+dsn, "--from="+backup); code != 1 || !strings.Contains(said, "not empty") {
		t.Errorf("a store with events was restored over: %d: %s", code, said)
	}
	if code, said := manage(t, "restore", "--store="+dsn, "--from="+backup, "--replace"); code != 0 || !strings.Contains(said, "3 events") {
		t.Fatalf("restore: %d: %s", code, said)
	}
	if after := fill(t, dsn, 0); after != before {
		t.Errorf("the identity was %v, and is %v", before, after)
	}
	if aside, err := filepath.Glob(filepath.Join(folder, "events.db.replaced-*")); err != nil || len(aside) == 0 {
		t.Errorf("the store that was there is gone: %v", err)
	}
	if code, said := manage(t, "check", "--store="+dsn); code != 0 || !strings.Contains(said, "Nothing is wrong: 3 events") {
		t.Errorf("check: %d: %s", code, said)
	}
}

func TestCommandsMakeNoStoreByMistake(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.db")
	for _, arguments := range [][]string{{"check"}, {"backup", "--to=" + missing + ".backup"}} {
		code, said := manage(t, append(arguments, "--store=sqlite:"+missing)...)
		if code != 1 || !strings.Contains(said, "there is no store") {
			t.Errorf("%s: %d: %s", arguments[0], code, said)
		}
	}
	if left, err := filepath.Glob(missing + "*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestCheckFindsADamagedStore(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "events.db")
	store, err := open.Store(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Append(t.Context(), eventcore.AppendRequest{ID: uuid.New(), Events: []eventcore.Event{{
		ID: uuid.New(), Type: "OrderCancelled", SchemaVersion: 1, Data: []byte(`{"reason":"NoReason"}`),
		Streams: []eventcore.Membership{{Stream: "order-aggregate"}, {Stream: "order-shop/stranger"}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	code, said := manage(t, "check", "--store="+dsn)
	if code != 1 || !strings.Contains(said, "order shop/stranger") || !strings.Contains(said, "breaks a rule") {
		t.Errorf("check: %d: %s", code, said)
	}
}
