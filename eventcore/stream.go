// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxStreamIDLength is the longest stream id allowed, in characters (EventCore's own limit).
const MaxStreamIDLength = 255

// StreamID names a stream: 1 to 255 characters of valid UTF-8 without surrounding white space, control
// characters and the glob characters * ? [ ], so that a literal can never be mistaken for a pattern.
// Two ids are equal when their strings are; there is no normalisation.
type StreamID string

// NewStreamID trims name and returns it as a StreamID, or ErrInvalidStreamID saying what is wrong with it.
func NewStreamID(name string) (StreamID, error) {
	id := StreamID(strings.TrimSpace(name))
	if err := id.Validate(); err != nil {
		return "", err
	}
	return id, nil
}

// Validate returns nil when the id keeps the rules of StreamID, and otherwise an error that wraps ErrInvalidStreamID.
func (id StreamID) Validate() error {
	name := string(id)
	switch {
	case name == "":
		return fmt.Errorf("%w: it is empty", ErrInvalidStreamID)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w %q: it is not valid UTF-8", ErrInvalidStreamID, name)
	case utf8.RuneCountInString(name) > MaxStreamIDLength:
		return fmt.Errorf("%w %q: longer than %d characters", ErrInvalidStreamID, name, MaxStreamIDLength)
	case strings.TrimSpace(name) != name:
		return fmt.Errorf("%w %q: white space at its start or end", ErrInvalidStreamID, name)
	case strings.ContainsAny(name, "*?[]"):
		return fmt.Errorf("%w %q: the characters * ? [ ] are reserved for patterns", ErrInvalidStreamID, name)
	case strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("%w %q: it holds a control character", ErrInvalidStreamID, name)
	}
	return nil
}

// Version is an event's place in one of its streams. 0 is the version of an empty stream; each event raises it.
// Callers may compare versions of one stream and may count on nothing else: the memory, SQLite and PostgreSQL
// stores number them 1, 2, 3 …, a replicated log may leave gaps.
type Version uint64

// Position is an event's place in the store's one total order, which is the order of commits: once a reader has
// seen position p, no event at or before p can appear any more. 0 lies before the first event.
// The memory, SQLite and PostgreSQL stores number events without gaps; the type does not promise it.
type Position uint64
