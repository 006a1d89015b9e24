// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import (
	"fmt"
	"slices"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

// History is the fold of HistoryStream.
type History struct {
	// Suspected is the last suspicion, and SuspectedAt when it arose.
	Suspected   RollbackSuspected
	SuspectedAt time.Time
	// Accepted is the last epoch that was accepted, and AcceptedAt when; zero if none ever was.
	Accepted   int64
	AcceptedAt time.Time
}

// Apply implements eventcore.State for HistoryStream.
func (h History) Apply(_ eventcore.StreamID, event *eventcore.Event) History {
	switch payload := event.Payload.(type) {
	case RollbackSuspected:
		h.Suspected, h.SuspectedAt = payload, event.RecordedAt
	case RollbackAccepted:
		h.Accepted, h.AcceptedAt = payload.Epoch, event.RecordedAt
	}
	return h
}

// InDoubt reports whether nothing may be done in the epoch.
func (h History) InDoubt(epoch int64) bool { return h.Suspected.Epoch >= epoch }

// doubtable are the steps whose calls are looked up after a rollback. A capture is not: it is asked for again by the same key,
// and fencing it would give the money back.
var doubtable = []string{ProcessPayment, CreateShipment}

// Doubted returns the calls that a part of the history may have held which was lost at the time: their steps stand as they did
// before. store is the id of the order's store.
func (o Order) Doubted(store string, since, now time.Time) (calls []CallDoubted) {
	for _, step := range doubtable {
		if o.InDoubt(step, since) {
			calls = append(calls, o.Doubt(store, step, now))
		}
	}
	return calls
}

// DoubtedFromStart is Doubted for an order that begins now although its object was there before: all of its history may be lost.
func (o Order) DoubtedFromStart(store string, now time.Time) (calls []CallDoubted) {
	for _, step := range doubtable {
		calls = append(calls, o.Doubt(store, step, now))
	}
	return calls
}

// InDoubt reports whether a call of the step may have been lost at the time: the step stands as it did before. It is taken
// only after the order service has recorded that, and the call was looked up.
func (o Order) InDoubt(step string, since time.Time) bool {
	if !slices.Contains(doubtable, step) {
		return false
	}
	s := o.Step(step)
	return o.Outcome == "" && s.open() && !s.Forward.Unsettled && s.Since.Before(since)
}

// Doubt returns the event that has the next call of the step looked up.
func (o Order) Doubt(store, step string, now time.Time) CallDoubted {
	generation := max(o.Step(step).Forward.Generation, 1)
	return CallDoubted{Step: step, Call: Call{
		Generation: generation, Try: 1, Key: CallKey(store, o.ID, o.Content.Attempt, step, generation), Deadline: now.UTC(),
	}}
}

// CallKey returns the idempotency key of a generation of an operation, which is the same for all its tries, and for no other
// call of any order in any store.
func CallKey(store string, order OrderID, attempt int, operation string, generation int) string {
	return fmt.Sprintf("%s/%s/%d/%s/%d", store, order, attempt, operation, generation)
}

func (o Order) doubted(payload CallDoubted, at time.Time) Order {
	return o.change(payload.Step, at, func(s *StepStatus) {
		requested(payload.Call, s.Prepared)(s)
		s.Forward.Doubted = true
	})
}
