// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/eventcore/order-operator/eventcore/inspect"
	"github.com/eventcore/order-operator/eventcore/postgres/pgtest"
)

// disarm takes away what protects a database, so that it can be damaged.
var disarm = map[string][]string{
	"sqlite": {
		"DROP TRIGGER events_stay", "DROP TRIGGER events_never_change", "DROP TRIGGER memberships_stay",
		"DROP TRIGGER memberships_never_change", "DROP TRIGGER memberships_follow_the_index", "DROP TRIGGER streams_stay",
	},
	"postgres": {
		"ALTER TABLE eventcore.events DISABLE TRIGGER ALL", "ALTER TABLE eventcore.memberships DISABLE TRIGGER ALL",
		"ALTER TABLE eventcore.streams DISABLE TRIGGER ALL",
	},
}

func damage(t *testing.T, kind, where string, statements []string) {
	t.Helper()
	statements = slices.Concat(disarm[kind], statements)
	if kind == "postgres" {
		pgtest.Exec(t, where+"&search_path=eventcore", statements...)
		return
	}
	conn, err := zombiezen.OpenConn(where, zombiezen.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if err := sqlitex.ExecuteTransient(conn, statement, nil); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

// Five events belong to the stream a, and the third one to b, too. The sixth belongs to c.
func TestDamageInADatabaseIsFound(t *testing.T) {
	const foreign = ": it is in the index of streams, but the log has no such event of the stream"
	tests := map[string]struct {
		statements []string
		want       []string
		// postgres is found there first: its head row knows what is missing at the end.
		postgres []string
	}{
		"nothing": {},
		"an event that was deleted": {
			statements: []string{"DELETE FROM events WHERE position = 2"},
			want: []string{
				"Order: position 3: it comes right after position 1",
				"Versions: position 3, stream a: version 3 comes right after version 1",
				"Memberships: position 2, stream a" + foreign,
			},
		},
		"the last event, which was deleted": {
			statements: []string{"DELETE FROM events WHERE position = 6"},
			// SQLite's index does not have it yet, so that nothing tells of it.
			postgres: []string{
				"Order: position 5: the log ends here, and the head is said to be at 6",
				"Memberships: position 6, stream c" + foreign,
			},
		},
		"a gap in the versions of a stream": {
			statements: []string{"UPDATE events SET streams = '7 a' WHERE position = 4"},
			want: []string{
				"Versions: position 4, stream a: version 7 comes right after version 3",
				"Versions: position 5, stream a: version 5 comes after version 7",
				"Memberships: position 4, stream a: it is version 7 in the log, and 4 in the index of streams",
			},
		},
		"a membership that is missing": {
			statements: []string{"DELETE FROM memberships WHERE position = 3"},
			want: []string{
				"Memberships: position 3, stream a: it belongs to the stream as version 3, but reading the stream does not",
				"Memberships: position 3, stream b: it belongs to the stream as version 1, but reading the stream does not",
			},
		},
		"a membership that was forged": {
			statements: []string{"INSERT INTO memberships (stream, position, version) " +
				"SELECT id, 4, 2 FROM streams WHERE name = 'b'"},
			want: []string{"Memberships: position 4, stream b: reading the stream finds it, but it does not belong"},
		},
		"a version that guards would go by": {
			statements: []string{"UPDATE memberships SET version = 9 WHERE position = 4"},
			want:       []string{"Memberships: position 4, stream a: it is version 4 in the log, and 9 in the index of streams"},
		},
		"a stream that lost its name": {
			statements: []string{"DELETE FROM streams WHERE name = 'b'"},
			want: []string{
				"Memberships: position 3" + foreign,
				"Memberships: position 3, stream b: it belongs to the stream as version 1, but reading the stream does not",
			},
		},
		"events that changed places": {
			statements: []string{
				"UPDATE events SET position = 99 WHERE position = 1", "UPDATE events SET position = 1 WHERE position = 2",
				"UPDATE events SET position = 2 WHERE position = 99",
			},
			want: []string{
				"Versions: position 1, stream a: version 2 comes right after version 0",
				"Versions: position 2, stream a: version 1 comes after version 2",
				"Memberships: position 1, stream a: it is version 2 in the log, and 1 in the index of streams",
				"Memberships: position 2, stream a: it is version 1 in the log, and 2 in the index of streams",
			},
		},
		"an event that was copied": {
			statements: []string{"UPDATE events SET id = (SELECT id FROM events WHERE position = 1) WHERE position = 4"},
			want:       []string{"IDs: position 4: id"},
		},
		"data that was cut off": {
			statements: []string{"UPDATE events SET data = '{' WHERE position = 4"},
			want:       []string{"Form: position 4: its data is no JSON"},
		},
	}
	for kind := range disarm {
		for name, test := range tests {
			t.Run(name+" in "+kind, func(t *testing.T) {
				where := kinds[kind].where(t)
				store := openAt(t, kind, where, uuid.New())
				appendAll(t, store, counted(t, 1, "a"), counted(t, 2, "a"), counted(t, 3, "a", "b"),
					counted(t, 4, "a"), counted(t, 5, "a"))
				appendAll(t, store, counted(t, 1, "c")) // with which SQLite indexes those before it
				damage(t, kind, where, test.statements)
				opened := openAt(t, kind, where, uuid.New()) // which remembers no head
				report, err := inspect.Check(t.Context(), opened, inspect.Options{})
				if err != nil {
					t.Fatal(err)
				}
				want := test.want
				if kind == "postgres" {
					want = slices.Concat(test.postgres, want)
				}
				expectViolations(t, report, want)
			})
		}
	}
}

func expectViolations(t *testing.T, report inspect.Report, want []string) {
	t.Helper()
	if len(report.Violations) != len(want) {
		t.Fatalf("violations %v, want %d", report.Violations, len(want))
	}
	for i := range want {
		if !strings.HasPrefix(report.Violations[i].String(), want[i]) {
			t.Errorf("violation %q, want %q", report.Violations[i], want[i])
		}
	}
}
