// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Pattern matches whole stream ids: * any run of characters, also of none; ? exactly one character; [abc], [a-z] and
// [!x] one that is, or is not, among those; everything else itself. Nothing escapes: ids hold none of * ? [ ]. The
// zero Pattern matches nothing.
type Pattern struct{ glob string }

// NewPattern returns glob, trimmed, or an ErrInvalidPattern that says why not.
func NewPattern(glob string) (Pattern, error) {
	glob = strings.TrimSpace(glob)
	switch {
	case glob == "":
		return Pattern{}, fmt.Errorf("%w: it is empty", ErrInvalidPattern)
	case !utf8.ValidString(glob):
		return Pattern{}, fmt.Errorf("%w %q: it is not valid UTF-8", ErrInvalidPattern, glob)
	case utf8.RuneCountInString(glob) > MaxStreamIDLength:
		return Pattern{}, fmt.Errorf("%w %q: longer than %d characters", ErrInvalidPattern, glob, MaxStreamIDLength)
	}
	for rest := glob; rest != ""; {
		element := rest
		if rest, _ = step(element, 'x'); rest == element {
			return Pattern{}, fmt.Errorf("%w %q: want [abc], [a-z] or [!x], with a range's ends in order, at %q",
				ErrInvalidPattern, glob, element)
		}
	}
	return Pattern{glob}, nil
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.glob }

// Prefix returns what all ids that match begin with: stores find them by it.
func (p Pattern) Prefix() string {
	if end := strings.IndexAny(p.glob, "*?["); end >= 0 {
		return p.glob[:end]
	}
	return p.glob
}

// Matches reports whether the whole id matches. It takes O(len(p)·len(stream)).
func (p Pattern) Matches(stream StreamID) bool {
	glob, name := p.glob, string(stream)
	// afterStar is what follows the last *, and behind the part of the name that it has not swallowed yet.
	afterStar, behind, starred := "", "", false
	for {
		if strings.HasPrefix(glob, "*") {
			glob, starred = glob[1:], true
			afterStar, behind = glob, name
			continue
		}
		if glob == "" && name == "" {
			return true
		}
		character, size := utf8.DecodeRuneInString(name)
		if rest, ok := step(glob, character); ok && size > 0 {
			glob, name = rest, name[size:]
			continue
		}
		if !starred || behind == "" {
			return false
		}
		_, size = utf8.DecodeRuneInString(behind)
		behind = behind[size:]
		glob, name = afterStar, behind
	}
}

// step takes one element off the pattern and reports whether the character matches it. At the pattern's end, and where
// the element is malformed, nothing is taken off.
func step(glob string, character rune) (rest string, ok bool) {
	if glob == "" {
		return glob, false
	}
	first, size := utf8.DecodeRuneInString(glob)
	switch first {
	case '*', '?':
		return glob[size:], true
	case '[':
		return stepClass(glob, character)
	}
	return glob[size:], first == character
}

// stepClass is step for an element in brackets.
func stepClass(glob string, character rune) (rest string, ok bool) {
	end := strings.IndexByte(glob, ']')
	if end < 0 {
		return glob, false
	}
	class, negated := strings.CutPrefix(glob[1:end], "!")
	if class == "" {
		return glob, false
	}
	found := false
	for class != "" {
		low, size := utf8.DecodeRuneInString(class)
		class = class[size:]
		high := low
		if len(class) > 1 && class[0] == '-' {
			high, size = utf8.DecodeRuneInString(class[1:])
			class = class[1+size:]
		}
		if low > high {
			return glob, false
		}
		found = found || low <= character && character <= high
	}
	return glob[end+1:], found != negated
}
