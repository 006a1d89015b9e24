// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package column encodes what the stores in SQL databases keep as text in an event's row, the same in all of them.
package column

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/eventcore/order-operator/eventcore"
)

// EncodeStreams writes a line "version name" for each membership; no stream id holds a line break.
func EncodeStreams(memberships []eventcore.Membership) string {
	text := make([]byte, 0, 64*len(memberships))
	for i, membership := range memberships {
		if i > 0 {
			text = append(text, '\n')
		}
		text = strconv.AppendUint(text, uint64(membership.Version), 10)
		text = append(text, ' ')
		text = append(text, membership.Stream...)
	}
	return string(text)
}

// DecodeStreams is the inverse of EncodeStreams.
func DecodeStreams(text string) ([]eventcore.Membership, error) {
	memberships := make([]eventcore.Membership, 0, strings.Count(text, "\n")+1)
	for line := range strings.SplitSeq(text, "\n") {
		version, name, found := strings.Cut(line, " ")
		number, err := strconv.ParseUint(version, 10, 64)
		if !found || err != nil {
			return nil, fmt.Errorf("streams %q: want a version and a name in every line", text)
		}
		membership := eventcore.Membership{Stream: eventcore.StreamID(name), Version: eventcore.Version(number)}
		memberships = append(memberships, membership)
	}
	return memberships, nil
}
