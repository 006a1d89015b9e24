// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
)

const (
	// chunkEvents and chunkBytes (of payloads) bound what Read holds in memory at a time.
	chunkEvents = 512
	chunkBytes  = 1 << 20
	// expandedStreams is the number of streams up to which a prefix or a pattern is read by the streams' index. More of them
	// have so large a share of the events that scanning the log is no slower.
	expandedStreams = 64
	// scannedStreams is the number of streams among which those that match a pattern are looked for.
	scannedStreams = 4096
)

// Read implements eventcore.Store. It reads in chunks, each in a transaction of its own, up to the head at its start:
// as events never change, that is one snapshot, and no connection is held while the caller works.
func (s *Store) Read(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
	return func(yield func(eventcore.Event, error) bool) {
		r := reading{unindexed: s.writer.unindexed, filter: query.Filter, cursor: query.After, left: query.Limit}
		for !r.done {
			if err := s.withReader(ctx, r.next); err != nil {
				yield(eventcore.Event{}, err)
				return
			}
			for i := range r.chunk {
				if !yield(r.chunk[i], nil) {
					return
				}
			}
		}
	}
}

// reading is one iteration of Read.
type reading struct {
	unindexed *unindexed
	filter    eventcore.Filter
	// cursor is the position that has been read; left is the number of events still wanted, 0 for all.
	cursor eventcore.Position
	left   int
	// head is the last position to read. byStreams says that it is not the log that is scanned: the events of streams,
	// which are keys in the index, are read up to indexed, and then those at the positions in newest.
	head, indexed eventcore.Position
	byStreams     bool
	streams       []int64
	newest        []eventcore.Position
	started       bool

	chunk []eventcore.Event
	bytes int
	// full is set when the chunk is.
	full, done bool
}

// next reads the next chunk.
func (r *reading) next(conn *sqlite.Conn) error {
	if !r.started {
		if err := r.start(conn); err != nil {
			return err
		}
	}
	r.chunk, r.bytes, r.full = r.chunk[:0], 0, false
	if r.cursor >= r.head {
		r.done = true
		return nil
	}
	if r.byStreams {
		return r.nextByIndex(conn)
	}
	return r.nextByScan(conn)
}

func (r *reading) start(conn *sqlite.Conn) (err error) {
	r.started = true
	if r.head, r.indexed, err = readHeads(conn); err != nil {
		return err
	}
	if len(r.filter.Streams)+len(r.filter.Prefixes)+len(r.filter.Patterns) == 0 {
		return nil
	}
	streams, err := findStreams(conn, r.filter.Streams)
	if err != nil {
		return err
	}
	for _, prefix := range r.filter.Prefixes {
		expanded, all, err := expand(conn, prefix, func(eventcore.StreamID) bool { return true })
		if err != nil || !all {
			return err
		}
		streams = append(streams, expanded...)
	}
	for _, pattern := range r.filter.Patterns {
		expanded, all, err := expand(conn, pattern.Prefix(), pattern.Matches)
		if err != nil || !all {
			return err
		}
		streams = append(streams, expanded...)
	}
	r.byStreams, r.streams = true, streams
	r.newest, err = r.unindexed.find(conn, r.indexed, r.cursor, r.head, &r.filter)
	return err
}

// findStreams returns the keys of those streams that have events.
func findStreams(conn *sqlite.Conn, ids []eventcore.StreamID) ([]int64, error) {
	keys := make([]int64, 0, len(ids))
	collect := func(stmt *sqlite.Stmt) (bool, error) {
		keys = append(keys, stmt.ColumnInt64(0))
		return true, nil
	}
	if len(ids) == 1 {
		return keys, each(conn, "SELECT id FROM streams WHERE name = ?1", collect, string(ids[0]))
	}
	// An id that is no UTF-8 would become another one in JSON; no stream has such an id.
	names, err := json.Marshal(slices.DeleteFunc(slices.Clone(ids), func(id eventcore.StreamID) bool {
		return !utf8.ValidString(string(id))
	}))
	if err != nil {
		return nil, err
	}
	find := "SELECT id FROM streams WHERE name IN (SELECT value FROM json_each(?1))"
	err = each(conn, find, collect, string(names))
	return keys, err
}

// expand returns the streams that start with the prefix and match, and false if they are too many to read by index, or
// too many to look for.
func expand(conn *sqlite.Conn, prefix string, matches func(eventcore.StreamID) bool) ([]int64, bool, error) {
	var keys []int64
	scanned, all := 0, true
	collect := func(stmt *sqlite.Stmt) (bool, error) {
		name := stmt.ColumnText(0)
		if !strings.HasPrefix(name, prefix) {
			return false, nil
		}
		if matches(eventcore.StreamID(name)) {
			keys = append(keys, stmt.ColumnInt64(1))
		}
		scanned++
		all = len(keys) <= expandedStreams && scanned <= scannedStreams
		return all, nil
	}
	// Names are ordered by their bytes: those with the prefix stand together and start at it.
	err := each(conn, "SELECT name, id FROM streams WHERE name >= ?1 ORDER BY name", collect, prefix)
	return keys, all, err
}

// add puts an event that matches into the chunk, and reports whether there is room for more.
func (r *reading) add(event eventcore.Event) bool {
	r.chunk = append(r.chunk, event)
	r.bytes += len(event.Data)
	r.cursor = event.Position
	if r.left > 0 {
		r.left--
		r.done = r.left == 0
	}
	r.full = r.done || len(r.chunk) >= chunkEvents || r.bytes >= chunkBytes
	return !r.full
}
