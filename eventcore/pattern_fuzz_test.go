// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"strings"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
)

// FuzzPattern holds patterns against streams: a valid id is a pattern of itself alone, and what matches begins with the
// pattern's prefix.
func FuzzPattern(f *testing.F) {
	for _, glob := range []string{"order-*", "order-shop/?", "[a-c]x", "[!a]", "[", "*", "", "ä*", "[]]", "\xff", "a\\*"} {
		f.Add(glob, "order-shop/1")
	}
	f.Fuzz(func(t *testing.T, glob, name string) {
		id, err := eventcore.NewStreamID(name)
		if err != nil {
			return
		}
		if err := id.Validate(); err != nil {
			t.Errorf("NewStreamID has made %q of %q: %v", id, name, err)
		}
		if self, err := eventcore.NewPattern(string(id)); err == nil && !self.Matches(id) {
			t.Errorf("the stream %q is no pattern of itself", id)
		}
		pattern, err := eventcore.NewPattern(glob)
		if err != nil {
			return
		}
		if pattern.Matches(id) && !strings.HasPrefix(string(id), pattern.Prefix()) {
			t.Errorf("%q matches %q and does not begin with %q", id, glob, pattern.Prefix())
		}
	})
}
