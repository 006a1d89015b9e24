// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"encoding/binary"
	"math/bits"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
)

const (
	// bitsPerID and hashesPerID make it unlikely that any id is suspected without need: about one in 10 million.
	bitsPerID   = 64
	hashesPerID = 8
	maxIDBits   = 1 << 30
)

// ids finds ids that may occur twice in bounded memory: it is a Bloom filter. Whether they do a second look tells.
type ids struct {
	bits     []uint64
	suspects map[uuid.UUID]eventcore.Position // of the first event, 0 until it is looked for
}

func newIDs(events eventcore.Position) *ids {
	wanted := min(max(uint64(events)*bitsPerID, 1<<12), maxIDBits)
	return &ids{bits: make([]uint64, 1<<bits.Len64(wanted-1)/64), suspects: map[uuid.UUID]eventcore.Position{}}
}

// add remembers the id, and suspects it if it may have been there before.
func (s *ids) add(id uuid.UUID) {
	if id == uuid.Nil {
		return
	}
	// The parts of an id are not random: they are mixed.
	low, high := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	hash, step := mix(low^bits.RotateLeft64(mix(high), 32)), mix(high+low)|1
	known := true
	mask := uint64(len(s.bits))*64 - 1
	for range hashesPerID {
		bit := hash & mask
		if s.bits[bit/64]&(1<<(bit%64)) == 0 {
			known = false
			s.bits[bit/64] |= 1 << (bit % 64)
		}
		hash += step
	}
	if known {
		s.suspects[id] = 0
	}
}

// mix is the finaliser of SplitMix64.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// checkIDs reads the log again if an id may occur twice.
func (c *checker) checkIDs(ctx context.Context) error {
	suspects := c.ids.suspects
	c.ids = nil
	if len(suspects) == 0 {
		return nil
	}
	return c.log(ctx, "compare ids", func(event *eventcore.Event) {
		first, suspected := suspects[event.ID]
		switch {
		case !suspected:
		case first == 0:
			suspects[event.ID] = event.Position
		default:
			c.found(IDs, event.Position, "", "id %v is that of the event at position %d, too", event.ID, first)
		}
	})
}
