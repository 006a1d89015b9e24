// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"strings"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// NameTakenError says that an order of the same name has other content.
type NameTakenError struct {
	// Different names the fields of the Order's spec that differ.
	Different []string
	// Attempt is the one under which the other content may start, 0 if the name stays taken.
	Attempt int
}

// Error names the fields and the remedy.
func (e *NameTakenError) Error() string {
	remedy := "use a new name"
	if e.Attempt > 0 {
		remedy = fmt.Sprintf("use a new name, or set spec.attempt to %d", e.Attempt)
	}
	return fmt.Sprintf("an earlier order of this name differs in %s: %s", strings.Join(e.Different, ", "), remedy)
}

// nameTaken says what differs, and which attempt would be free.
func nameTaken(order saga.Order, different []string) *NameTakenError {
	taken := &NameTakenError{Different: different}
	if next := order.Content.Attempt + 1; mayTryAgain(order, next) == nil {
		taken.Attempt = next
	}
	return taken
}

// AttemptError says that an order can't be tried again.
type AttemptError struct {
	// Attempt was asked for, Latest is the order's last one.
	Attempt, Latest int
	// Outcome is how the last attempt ended, empty if it is open.
	Outcome saga.Outcome
	// Attention is why the last attempt needs a person, empty if it does not.
	Attention string
}

// Error names the field, the value, what stands against it, and the remedy.
func (e *AttemptError) Error() string {
	why := "is still open: cancel it first, or wait for its end"
	switch {
	case e.Outcome == saga.Completed:
		why = "was completed: use a new name"
	case e.Attention != "":
		why = "needs a decision (" + e.Attention + "): set spec.resolution first"
	case e.Outcome != "":
		why = "has not been undone wholly: wait until its money and its stock are back"
	}
	return fmt.Sprintf("spec.attempt %d is refused, because attempt %d %s", e.Attempt, e.Latest, why)
}

// mayTryAgain refuses another attempt unless the last one was cancelled and nothing of it is left.
func mayTryAgain(order saga.Order, attempt int) error {
	if order.Outcome == saga.Cancelled && order.NothingLeft() && order.Attention == nil {
		return nil
	}
	refused := &AttemptError{Attempt: attempt, Latest: order.Content.Attempt, Outcome: order.Outcome}
	if order.Attention != nil {
		refused.Attention = order.Attention.Reason
	}
	return refused
}

// StaleResolutionError says that a decision answers a question that is not open, or not any more.
type StaleResolutionError struct {
	// Answered is the position of the attention that was answered, Open that of the open one, 0 if there is none.
	Answered, Open eventcore.Position
}

// Error names the field, the value and the remedy.
func (e *StaleResolutionError) Error() string {
	if e.Open == 0 {
		return fmt.Sprintf("spec.resolution.attentionPosition %d is not open: the order needs no decision, remove the resolution",
			e.Answered)
	}
	return fmt.Sprintf("spec.resolution.attentionPosition %d is not open: read the status again and decide about %d",
		e.Answered, e.Open)
}

// ResolutionError says that a decision is none that the order can follow.
type ResolutionError struct {
	// Field is that of spec.resolution, Value what it holds.
	Field, Value string
	// Remedy is what to do instead.
	Remedy string
}

// Error names the field, the value and the remedy.
func (e *ResolutionError) Error() string {
	return fmt.Sprintf("spec.resolution.%s %q is refused: %s", e.Field, e.Value, e.Remedy)
}
