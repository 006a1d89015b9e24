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
	anyType, anyStream := len(filter.Types) == 0, len(filter.Streams) == 0 && len(filter.Prefixes) == 0
	if p.types = texts(filter.Types); !anyType && len(p.types) == 0 {
		return plan{nothing: true}, nil
	}
	if anyStream {
		return p, nil
	}
	streams := make([]string, 0, len(filter.Streams))
	for _, id := range filter.Streams {
		streams = append(streams, string(id))
	}
	streams = texts(streams)
	prefixes := textPrefixes(filter.Prefixes)
	p.exact = false
	p.patterns = patterns(streams, prefixes)
	if len(p.patterns) == 0 {
		return plan{nothing: true}, nil
	}
	if len(prefixes) > 0 {
		expanded, head, err := s.expandPrefixes(ctx, filter.Prefixes, prefixes)
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

// expandPrefixes returns the streams that start with one of the prefixes and the head at which they are all, or nil if
// they are too many. texts are the prefixes as far as a query may contain them.
func (s *Store) expandPrefixes(ctx context.Context, prefixes, texts []string) ([]string, eventcore.Position, error) {
	rows, err := s.pool.Query(ctx, s.sql.expand, texts, expandedStreams+1)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	head, counts, names := int64(0), make([]int, len(texts)+1), []string{}
	for rows.Next() {
		number, name := int64(0), ""
		if err := rows.Scan(&head, &number, &name); err != nil {
			return nil, 0, err
		}
		if number == 0 || name == "" || !strings.HasPrefix(name, texts[number-1]) {
			continue
		}
		counts[number]++
		if slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			names = append(names, name)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, 0, err
	}
	if slices.Max(counts) > expandedStreams {
		return nil, position(head), nil
	}
	return names, position(head), nil
}

// patterns match the column streams of every event that belongs to one of the streams, or to one with a prefix.
func patterns(streams, prefixes []string) []string {
	result := make([]string, 0, len(streams)+len(prefixes))
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	for _, name := range streams {
		result = append(result, "% "+escape.Replace(name)+"%")
	}
	for _, prefix := range prefixes {
		result = append(result, "% "+escape.Replace(prefix)+"%")
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

// textPrefixes returns the prefixes as text. One may end within a character, which is cut off: the caller compares the
// whole prefix with what is found.
func textPrefixes(prefixes []string) []string {
	kept := make([]string, 0, len(prefixes))
	for _, prefix := range prefixes {
		whole := prefix
		for cut := 1; cut < utf8.UTFMax && cut <= len(prefix) && !utf8.ValidString(whole); cut++ {
			whole = prefix[:len(prefix)-cut]
		}
		kept = append(kept, texts([]string{whole})...)
	}
	return kept
}
