// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/eventcore/order-operator/eventcore"
)

func TestPatternsFollowTheirRules(t *testing.T) {
	for _, glob := range []string{
		"", "  ", "a[", "a[]", "[!]", "[b-a]", "[a", "a]b[", "\xff", strings.Repeat("a", 256),
	} {
		if pattern, err := eventcore.NewPattern(glob); !errors.Is(err, eventcore.ErrInvalidPattern) {
			t.Errorf("%q: got %v, %v; want ErrInvalidPattern", glob, pattern, err)
		}
	}
	if pattern, err := eventcore.NewPattern(" order-* "); err != nil || pattern.String() != "order-*" {
		t.Errorf("got %q, %v; want it trimmed", pattern, err)
	}
	for glob, prefix := range map[string]string{
		"order-*": "order-", "*": "", "a?": "a", "ä[-a]": "ä", "[!a-]": "", "plain": "plain", "**": "", "a[!!]": "a",
	} {
		pattern, err := eventcore.NewPattern(glob)
		if err != nil || pattern.String() != glob || pattern.Prefix() != prefix {
			t.Errorf("%q: got %q with prefix %q, %v", glob, pattern, pattern.Prefix(), err)
		}
	}
}

func TestPatternsMatchAsANaiveMatcherDoes(t *testing.T) {
	letters := []string{"a", "b", "c", "ä", "/", "-", "!"}
	elements := append([]string{"*", "?", "[ab]", "[!ab]", "[a-c]", "[!b-ä]", "[-a]", "[a-]", "[ä]"}, letters...)
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom(elements), 1, 8).Draw(t, "pattern")
		name := strings.Join(rapid.SliceOfN(rapid.SampledFrom(letters), 1, 10).Draw(t, "name"), "")
		pattern, err := eventcore.NewPattern(strings.Join(parts, ""))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := pattern.Matches(eventcore.StreamID(name)), naive(parts, []rune(name)); got != want {
			t.Errorf("%q matches %q: %t, want %t", pattern, name, got, want)
		}
	})
}

// naive matches by trying everything.
func naive(parts []string, name []rune) bool {
	if len(parts) == 0 {
		return len(name) == 0
	}
	if parts[0] == "*" {
		return naive(parts[1:], name) || len(name) > 0 && naive(parts, name[1:])
	}
	return len(name) > 0 && among(parts[0], name[0]) && naive(parts[1:], name[1:])
}

func among(part string, character rune) bool {
	sets := map[string]string{
		"[ab]": "ab", "[!ab]": "cä/-!", "[a-c]": "abc", "[!b-ä]": "a/-!", "[-a]": "-a", "[a-]": "a-", "[ä]": "ä",
		"?": "abcä/-!",
	}
	if set, ok := sets[part]; ok {
		return strings.ContainsRune(set, character)
	}
	return part == string(character)
}

func TestAPatternOfManyStarsIsNoTrap(t *testing.T) {
	pattern, err := eventcore.NewPattern(strings.Repeat("*a", 100) + "b")
	if err != nil {
		t.Fatal(err)
	}
	if pattern.Matches(eventcore.StreamID(strings.Repeat("a", 255))) {
		t.Error("it matches")
	}
}
