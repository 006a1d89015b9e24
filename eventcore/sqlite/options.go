// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/tail"
)

// Options configure a Store. The zero value is right for nearly everybody.
type Options struct {
	// StoreID is the identity given to a history that is created; random if zero. An existing one keeps its own.
	StoreID uuid.UUID
	// Existing opens a store that there is, and creates none: Open fails with eventcore.ErrNoStore then.
	Existing bool
	// Limits bound one append; 4,096 stream memberships and 8 MiB of payloads if zero.
	Limits eventcore.Limits
	// BusyTimeout is how long a write waits while another process writes; 5 s if zero.
	BusyTimeout time.Duration
	// PollInterval is how often the head is looked at for other processes' events while there are subscribers;
	// 50 ms if zero.
	PollInterval time.Duration
	// IndexEvery is after how many stream memberships the index by stream is brought up to date; 4,096 if zero. Fewer
	// make every append more expensive, more make some take longer.
	IndexEvery int
	// Readers is the number of connections that read; 4 if zero.
	Readers int
}

func (o Options) withDefaults() Options {
	if o.StoreID == uuid.Nil {
		o.StoreID = uuid.New()
	}
	if o.Limits == (eventcore.Limits{}) {
		o.Limits = tail.DefaultLimits
	}
	if o.BusyTimeout == 0 {
		o.BusyTimeout = 5 * time.Second
	}
	if o.PollInterval == 0 {
		o.PollInterval = 50 * time.Millisecond
	}
	if o.IndexEvery == 0 {
		o.IndexEvery = 4096
	}
	if o.Readers == 0 {
		o.Readers = 4
	}
	return o
}
