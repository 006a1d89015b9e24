// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"maps"

	"github.com/eventcore/order-operator/eventcore"
)

// headsKept is the number of streams whose heads are kept in memory, twice that for a moment.
const headsKept = 1 << 15

// heads knows the versions of recently used streams. What it knows is current as long as the store's head is at:
// then every append since was this process's own.
type heads struct {
	at eventcore.Position
	// recent and older are two generations of committed heads: when recent is full it becomes older.
	recent, older map[eventcore.StreamID]eventcore.Version
	// staged are the heads that the transaction under way has read or raised.
	staged map[eventcore.StreamID]eventcore.Version
}

func newHeads(at eventcore.Position) heads {
	h := heads{staged: map[eventcore.StreamID]eventcore.Version{}}
	h.reset(at)
	return h
}

// reset forgets everything and is current at the position.
func (h *heads) reset(at eventcore.Position) {
	h.at = at
	h.recent, h.older = map[eventcore.StreamID]eventcore.Version{}, nil
	clear(h.staged)
}

// commit keeps what the transaction has staged; the store's head is at now.
func (h *heads) commit(at eventcore.Position) {
	if len(h.recent)+len(h.staged) > headsKept {
		h.older, h.recent = h.recent, make(map[eventcore.StreamID]eventcore.Version, headsKept)
	}
	maps.Copy(h.recent, h.staged)
	h.at = at
	clear(h.staged)
}

// known reports whether the stream is certain to have a valid id.
func (h *heads) known(id eventcore.StreamID) bool {
	_, found := h.cached(id)
	return found
}

func (h *heads) cached(id eventcore.StreamID) (eventcore.Version, bool) {
	if version, found := h.staged[id]; found {
		return version, true
	}
	if version, found := h.recent[id]; found {
		return version, true
	}
	version, found := h.older[id]
	return version, found
}
