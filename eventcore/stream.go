// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxStreamIDLength is that of the longest stream id, in characters.
const MaxStreamIDLength = 255

// StreamID names a stream: 1 to 255 characters of valid UTF-8 without surrounding white space, control
// characters and the glob characters * ? [ ], so that a literal can never be mistaken for a pattern.
// They are compared as they are.
type StreamID string

// NewStreamID returns name, trimmed, or an ErrInvalidStreamID that says why not.
func NewStreamID(name string) (StreamID, error) {
	id := StreamID(strings.TrimSpace(name))
	if err := id.Validate(); err != nil {
		return "", err
	}
	return id, nil
}

// Validate returns nil, or an ErrInvalidStreamID that says why not.
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
// Callers may compare versions of one stream and count on nothing else: a replicated log may leave gaps.
type Version uint64

// Position is an event's place in the store's one total order, that of commits: once a reader has seen position p, no
// event at or before p can appear any more. 0 lies before the first event. There may be gaps, though our stores leave none.
type Position uint64
