// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/eventcore/order-operator/eventcore"
)

// expandedStreams is the number of streams up to which a prefix is read by the streams' index. More of them have so
// large a share of the events that scanning the log is no slower.
const expandedStreams = 64

// scannedStreams is the number of streams among which those that match a pattern are looked for.
const scannedStreams = 4096

// plan is how a filter is read.
type plan struct {
	// byStreams says that streams are read by their index; otherwise the log is scanned.
	byStreams bool
	streams   []string
	// types and patterns (for LIKE) narrow a scan; nil for any. Patterns let through whatever matches, and a bit more.
	types, patterns []string
	// exact says that the statement yields nothing that does not match.
	exact bool
	// nothing says that nothing can match.
	nothing bool
	// head is the last position that the plan covers.
	head eventcore.Position
}

func (s *Store) planRead(ctx context.Context, filter eventcore.Filter) (plan, error) {
	p := plan{head: math.MaxInt64, exact: true}
	anyType := len(filter.Types) == 0
	if p.types = texts(filter.Types); !anyType && len(p.types) == 0 {
		return plan{nothing: true}, nil
	}
	if len(filter.Streams)+len(filter.Prefixes)+len(filter.Patterns) == 0 {
		return p, nil
	}
	ids := make([]string, 0, len(filter.Streams))
	for _, id := range filter.Streams {
		ids = append(ids, string(id))
	}
	streams, starts := texts(ids), startsOf(filter)
	p.exact = false
	p.patterns = patterns(streams, starts)
	if len(p.patterns) == 0 {
		return plan{nothing: true}, nil
	}
	if len(starts) > 0 {
		expanded, head, err := s.expand(ctx, filter, starts)
		if err != nil {
			return plan{}, err
		}
		p.head = head
		if expanded == nil {
			return p, nil
		}
		streams = append(streams, expanded...)
	}
	p.byStreams, p.streams, p.exact = true, streams, anyType
	return p, nil
}

// expand returns the streams that match one of the filter's prefixes and patterns, and the head at which they are all; or
// nil if they are too many to read by index, or too many to look for. starts are those of startsOf.
func (s *Store) expand(
	ctx context.Context, filter eventcore.Filter, starts []string,
) ([]string, eventcore.Position, error) {
	limit := expandedStreams
	if len(filter.Patterns) > 0 {
		limit = scannedStreams
	}
	rows, err := s.pool.Query(ctx, s.sql.expand, starts, limit+1)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	open := eventcore.Filter{Prefixes: filter.Prefixes, Patterns: filter.Patterns}
	head, counts, names := int64(0), make([]int, len(starts)+1), []string{}
	for rows.Next() {
		number, name := int64(0), ""
		if err := rows.Scan(&head, &number, &name); err != nil {
			return nil, 0, err
		}
		if number == 0 || name == "" || !strings.HasPrefix(name, starts[number-1]) {
			continue
		}
		counts[number]++
		if open.Matches(&eventcore.Event{Streams: []eventcore.Membership{{Stream: eventcore.StreamID(name)}}}) {
			names = append(names, name)
		}
	}
	if slices.Max(counts) > limit || len(names) > expandedStreams*len(starts) {
		names = nil
	}
	return names, position(head), rows.Err()
}

// patterns (for LIKE) match the column streams of every event that belongs to one of the streams, or to one that starts
// so.
func patterns(streams, starts []string) []string {
	result := make([]string, 0, len(streams)+len(starts))
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	for _, name := range streams {
		result = append(result, "% "+escape.Replace(name)+"%")
	}
	for _, start := range starts {
		result = append(result, "% "+escape.Replace(start)+"%")
	}
	return result
}

// texts returns the values that the database can hold: the others match nothing.
func texts(values []string) []string {
	var kept []string
	for _, value := range values {
		if utf8.ValidString(value) && !strings.ContainsRune(value, 0) {
			kept = append(kept, value)
		}
	}
	return kept
}

// startsOf returns how the streams start that match one of the filter's prefixes and patterns, as text. A prefix may end
// within a character, which is cut off: the whole prefix is compared with what is found.
func startsOf(filter eventcore.Filter) []string {
	kept := make([]string, 0, len(filter.Prefixes)+len(filter.Patterns))
	for _, prefix := range filter.Prefixes {
		whole := prefix
		for cut := 1; cut < utf8.UTFMax && cut <= len(prefix) && !utf8.ValidString(whole); cut++ {
			whole = prefix[:len(prefix)-cut]
		}
		kept = append(kept, texts([]string{whole})...)
	}
	for _, pattern := range filter.Patterns {
		kept = append(kept, texts([]string{pattern.Prefix()})...)
	}
	return kept
}
