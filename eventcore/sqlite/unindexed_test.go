// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"slices"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/eventcore/order-operator/eventcore"
)

// appendEach makes an append to each of the streams.
func appendEach(t *testing.T, store *Store, streams ...eventcore.StreamID) (last eventcore.Appended) {
	t.Helper()
	for _, stream := range streams {
		appended, err := appendTo(t.Context(), store, stream)
		if err != nil {
			t.Fatal(err)
		}
		last = appended
	}
	return last
}

func TestAReaderOfThePastFindsWhatHasBeenIndexedSince(t *testing.T) {
	store, _ := newStore(t, Options{IndexEvery: 3})
	appendEach(t, store, "a", "b", "a", "b", "a") // the first three are in the index
	err := store.withReader(t.Context(), func(conn *sqlite.Conn) error {
		head, indexed, err := readHeads(conn)
		if err != nil || head != 5 || indexed != 3 {
			t.Fatalf("head %d, indexed %d, %v; want 5 and 3", head, indexed, err)
		}
		filters := []eventcore.Filter{
			{Streams: []eventcore.StreamID{"a", "b", "a"}}, {Prefixes: []string{"a"}, Streams: []eventcore.StreamID{"b"}},
		}
		for range 5 { // the index moves on, below the reader
			for _, filter := range filters {
				positions, err := store.writer.unindexed.find(conn, indexed, 0, head, &filter)
				if want := []eventcore.Position{4, 5}; err != nil || !slices.Equal(positions, want) {
					t.Errorf("positions %d, %v; want %d", positions, err, want)
				}
			}
			appendEach(t, store, "b", "a", "b")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTheStreamsKeptInMemoryAreFewAndCounted(t *testing.T) {
	store, _ := newStore(t, Options{IndexEvery: 10})
	for range 10 {
		appendEach(t, store, "a", "b", "a", "c", "d", "a", "e")
		u, kept := store.writer.unindexed, 0
		for _, entries := range u.streams {
			kept += len(entries)
		}
		if counted := int(u.through - u.indexed); u.count != counted || kept != int(u.through-u.after) || kept > 30 {
			t.Fatalf("%d counted, %d kept, with %d to %d in memory and an index to %d",
				u.count, kept, u.after+1, u.through, u.indexed)
		}
	}
}

func TestAnOlderFileThatWasPutBackIsWrittenToWithItsOwnVersions(t *testing.T) {
	for name, every := range map[string]int{"before the index": 2, "without an index": 100} {
		t.Run(name, func(t *testing.T) {
			store, path := newStore(t, Options{IndexEvery: every})
			appendEach(t, store, "a", "a", "a", "a", "a")
			conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			putBack := `DROP TRIGGER events_stay; DROP TRIGGER memberships_stay; DROP TRIGGER the_index_only_grows;
				DELETE FROM events WHERE position > 2; DELETE FROM memberships; UPDATE store SET indexed = 0;
				DROP TRIGGER streams_stay; DELETE FROM streams`
			if err := sqlitex.ExecuteScript(conn, putBack, nil); err != nil {
				t.Fatal(err)
			}
			last := appendEach(t, store, "b", "a").Events[0]
			if version, _ := last.VersionIn("a"); last.Position != 4 || version != 3 {
				t.Errorf("position %d, version %d; want 4 and 3", last.Position, version)
			}
		})
	}
}
