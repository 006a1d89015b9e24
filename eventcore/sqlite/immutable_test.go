// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"path/filepath"
	"strings"
	"testing"

	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

func expectIntegrity(t *testing.T, path string) {
	t.Helper()
	conn := openRaw(t, path)
	err := sqlitex.Execute(conn, "PRAGMA integrity_check", &sqlitex.ExecOptions{
		ResultFunc: func(stmt *zombiezen.Stmt) error {
			if result := stmt.ColumnText(0); result != "ok" {
				t.Errorf("integrity check: %s", result)
			}
			return nil
		},
	})
	if err != nil {
		t.Error(err)
	}
}

func TestHistoryCannotBeChangedByAnyStatement(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	store := openStoreWith(t, path, sqlite.Options{IndexEvery: 1})
	appended, err := appendEvents(t.Context(), store, pending(`{"a":1}`, "a", "b"), pending(`{"a":2}`, "a"))
	if err == nil {
		_, err = appendEvents(t.Context(), store, pending(`{}`, "b")) // which writes the index of those before
	}
	if err != nil {
		t.Fatal(err)
	}
	row := "(position, id, type, schema_version, recorded_at, metadata, streams, data) VALUES "
	conn := openRaw(t, path)
	for _, statement := range []string{
		"UPDATE events SET data = '{}'",
		"UPDATE events SET position = 7 WHERE position = 2",
		"DELETE FROM events WHERE position = 2",
		"DELETE FROM events",
		"INSERT OR REPLACE INTO events " + row + "(2, x'00', 'Forged', 1, 0, '', '1 a', '{}')",
		"INSERT INTO events " + row + "(9, x'00', 'Gap', 1, 0, '', '1 a', '{}')",
		"INSERT INTO events " + row + "(0, x'00', 'Before', 1, 0, '', '1 a', '{}')",
		"UPDATE memberships SET version = 7",
		"DELETE FROM memberships",
		"INSERT OR REPLACE INTO memberships VALUES (1, 1, 7)",
		"UPDATE store SET indexed = 1",
		"UPDATE store SET indexed = 4",
		"UPDATE streams SET name = 'c'",
		"DELETE FROM streams",
		"INSERT OR REPLACE INTO streams VALUES (1, 'c')",
		"INSERT OR REPLACE INTO streams (name) VALUES ('a')",
		"UPDATE store SET store_id = zeroblob(16)",
		"DELETE FROM store",
	} {
		err := sqlitex.Execute(conn, statement, nil)
		if zombiezen.ErrCode(err) != zombiezen.ResultConstraintTrigger {
			t.Errorf("%s: %v, want a refusal by a trigger", statement, err)
		}
	}
	events := followAll(t, store, 3)
	for i, event := range events[:2] {
		if string(event.Data) != string(appended.Events[i].Data) || event.ID != appended.Events[i].ID {
			t.Errorf("event %d has changed: %+v", i+1, event)
		}
	}
	if _, err := appendEvents(t.Context(), store, pending(`{}`, "a")); err != nil {
		t.Errorf("append afterwards: %v", err)
	}
	if got := followStream(t, store, "a"); got != 3 {
		t.Errorf("%d events in the stream, want 3", got)
	}
}

func followStream(t *testing.T, store eventcore.Store, id eventcore.StreamID) int {
	t.Helper()
	count := 0
	query := eventcore.Query{Filter: eventcore.Filter{Streams: []eventcore.StreamID{id}}}
	for _, err := range store.Read(t.Context(), query) {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	return count
}

func TestTheQueriesUseTheIndexes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	openStore(t, path)
	conn := openRaw(t, path)
	for _, query := range []string{
		"SELECT position FROM streams JOIN memberships ON stream = id WHERE name = 'a' AND position > 1 ORDER BY position",
		"SELECT name FROM streams WHERE name >= 'a' ORDER BY name",
		"SELECT key FROM read_models JOIN documents ON model = id WHERE name = 'a' ORDER BY key",
	} {
		err := sqlitex.Execute(conn, "EXPLAIN QUERY PLAN "+query, &sqlitex.ExecOptions{
			ResultFunc: func(stmt *zombiezen.Stmt) error {
				plan := stmt.ColumnText(3)
				if strings.HasPrefix(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") {
					t.Errorf("%s: %s", query, plan)
				}
				return nil
			},
		})
		if err != nil {
			t.Error(err)
		}
	}
}
