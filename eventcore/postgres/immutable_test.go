// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/postgres"
)

func TestHistoryCannotBeChangedByAnyStatement(t *testing.T) {
	dsn := server.Database(t)
	store := openStore(t, dsn, postgres.Options{})
	want := mustAppend(t, store, pending(`{"a":1}`, "a", "b"), pending(`{"a":2}`, "a"))
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), "SET search_path = eventcore"); err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{"origin", "replica"} {
		if _, err := conn.Exec(t.Context(), "SET session_replication_role = "+role); err != nil {
			t.Fatal(err)
		}
		for _, statement := range []string{
			"UPDATE events SET data = '{}'",
			"UPDATE events SET position = 7 WHERE position = 2",
			"DELETE FROM events WHERE position = 2",
			"DELETE FROM events",
			"TRUNCATE events",
			"TRUNCATE events, streams, memberships, head CASCADE",
			"INSERT INTO events SELECT * FROM events ON CONFLICT (position) DO UPDATE SET data = ''",
			"UPDATE memberships SET version = 7",
			"DELETE FROM memberships",
			"TRUNCATE memberships",
			"UPDATE streams SET name = 'c'",
			"DELETE FROM streams",
			"TRUNCATE streams",
			"DELETE FROM commands",
			"TRUNCATE commands",
			"DELETE FROM fenced_appends",
			"INSERT INTO head SELECT false, position, streams, fence, store_id, epoch FROM head",
			"UPDATE head SET store_id = gen_random_uuid()",
			"DELETE FROM head",
			"TRUNCATE head",
		} {
			_, err := conn.Exec(t.Context(), statement)
			if err == nil || !strings.Contains(err.Error(), "history is immutable") {
				t.Errorf("%s as %s: %v, want a refusal by a trigger", statement, role, err)
			}
		}
	}
	for i, event := range readAll(t, store) {
		if string(event.Data) != string(want.Events[i].Data) || event.ID != want.Events[i].ID {
			t.Errorf("event %d has changed: %+v", i+1, event)
		}
	}
	mustAppend(t, store, pending("{}", "a"))
	expectHead(t, store, 3)
}

func TestPrefixesAreLiteralBeyondTheStreamsThatAreLookedUp(t *testing.T) {
	store := openStore(t, server.Database(t), postgres.Options{})
	var events []eventcore.Event
	for i := range 100 {
		name := "a_" + strings.Repeat("x", i)
		events = append(events, pending("{}", eventcore.StreamID(name)), pending("{}", eventcore.StreamID("ab"+name)))
		events = append(events, pending("{}", eventcore.StreamID("b "+name)), pending("{}", eventcore.StreamID(`a\`+name)))
	}
	mustAppend(t, store, events...)
	for prefix, want := range map[string]int{
		"a_": 100, "aba_": 100, "b a_": 100, `a\`: 100, `a\a`: 100, "a": 300, "a%": 0, "_": 0,
	} {
		count := 0
		query := eventcore.Query{Filter: eventcore.Filter{Prefixes: []string{prefix}}}
		for event, err := range store.Read(t.Context(), query) {
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(event.Streams[0].Stream), prefix) {
				t.Errorf("prefix %q yields %q", prefix, event.Streams[0].Stream)
			}
			count++
		}
		if count != want {
			t.Errorf("prefix %q yields %d events, want %d", prefix, count, want)
		}
	}
}
