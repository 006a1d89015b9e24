// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"time"

	"github.com/go-logr/logr"

	"github.com/eventcore/order-operator/eventcore"
)

// Options configure a handler.
type Options struct {
	// Store is read, and never written. Required.
	Store eventcore.Store
	// Access says who may read. Required.
	Access Access
	// Logger is told of what fails. The zero value logs nothing.
	Logger logr.Logger
	// Clock tells the time. Required.
	Clock func() time.Time
	// Limits bound what readers cost; fields that are 0 have defaults.
	Limits Limits
}

// Limits bound what readers cost.
type Limits struct {
	// Requests is how many are answered at once, 64 by default. Followers do not count.
	Requests int
	// Followers is how many orders are followed at once, 256 by default; FollowersPerUser are one user's, 32 by default.
	Followers, FollowersPerUser int
	// Events is how many events or orders an answer has at most, 1000 by default, and how many if the reader does not say.
	Events int
	// AnswerWithin bounds a request, 1 minute by default, AuditWithin one that reads all events, 5 minutes by default, of
	// which only one is answered at a time.
	AnswerWithin, AuditWithin time.Duration
	// FollowFor is how long an order is followed before the reader has to ask again, 30 minutes by default.
	FollowFor time.Duration
	// Heartbeat is how often a follower is told that nothing happens, and its rights are looked at again; 15 s by default.
	Heartbeat time.Duration
	// LineWithin is how long a follower may take to read a line, 10 s by default.
	LineWithin time.Duration
}

func (l Limits) withDefaults() Limits {
	count := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	span := func(field *time.Duration, value time.Duration) {
		if *field == 0 {
			*field = value
		}
	}
	count(&l.Requests, 64)
	count(&l.Followers, 256)
	count(&l.FollowersPerUser, 32)
	count(&l.Events, 1000)
	span(&l.AnswerWithin, time.Minute)
	span(&l.AuditWithin, 5*time.Minute)
	span(&l.FollowFor, 30*time.Minute)
	span(&l.Heartbeat, 15*time.Second)
	span(&l.LineWithin, 10*time.Second)
	return l
}
