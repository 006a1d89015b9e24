// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// sentences say to people what an event means, by the type of its payload.
var sentences = table(
	on(func(e saga.OrderCreated) string {
		text := fmt.Sprintf("Ordered: %s for %s, to be done by %s", items(e.Lines), money(e.Total), clock(e.Deadline))
		if e.Attempt > 1 {
			text += fmt.Sprintf(" (attempt %d)", e.Attempt)
		}
		return text
	}),
	on(func(saga.OrderAttached) string { return "Applied again under another UID: joined to this history" }),
	on(func(e saga.OrderCancellationRequested) string {
		return "Asked to be cancelled" + why(e.Reason, map[string]string{
			saga.ReasonCancelledByUser: "by its user", saga.ReasonOrderDeleted: "because its Order was deleted",
		})
	}),
	on(func(e saga.OrderSuspended) string {
		text := "Suspended" + why(e.Reason, map[string]string{
			saga.ReasonSuspended: "by its user", saga.ReasonOrderDeleted: "because its Order is gone",
		})
		if !e.CancelAt.IsZero() {
			text += ", to be cancelled at " + clock(e.CancelAt)
		}
		return text
	}),
	on(func(saga.OrderResumed) string { return "Goes on" }),
	on(func(e saga.DeadlineExceeded) string { return "Not done by its deadline, " + clock(e.Deadline) }),
	on(func(e saga.CompensationStarted) string {
		return "Turned round (" + e.Reason + because(e.Message) + "): what was done is undone, in reverse"
	}),
	on(func(e saga.OrderCancelled) string { return "Cancelled (" + e.Reason + "): nothing is left of it" }),
	on(func(saga.OrderCompleted) string { return "Completed: paid, and released to the carrier" }),
	on(func(e saga.OrderShipped) string { return "The carrier says that the goods have left: " + e.Reference }),

	on(func(e saga.StockSupplied) string {
		parts := make([]string, 0, len(e.Supply))
		for _, s := range e.Supply {
			parts = append(parts, fmt.Sprintf("%d received and %d removed by %s", s.Received, s.Removed, s.Source))
		}
		return "Supplied: " + cmp.Or(list(parts), "nothing yet")
	}),
	on(func(e saga.StockReserved) string { return "Stock reserved: " + units(e.Lines) }),
	on(func(e saga.StockReservationFailed) string {
		return "Not enough stock" + because(shortages(e.Shortages))
	}),
	on(func(e saga.StockReservationReleased) string { return "Stock released: " + units(e.Lines) }),

	on(func(e saga.PaymentRequested) string {
		verb := "charge"
		if e.Authorize {
			verb = "set aside"
		}
		return fmt.Sprintf("Asks gateway %s to %s %s%s", e.Gateway, verb, money(e.Amount), once(e.Call))
	}),
	on(func(e saga.PaymentProcessed) string {
		verb := "Charged"
		if e.Authorized {
			verb = "Set aside"
		}
		return fmt.Sprintf("%s %s as %s", verb, money(e.Amount), e.Reference)
	}),
	on(func(e saga.PaymentFailed) string {
		text := "The gateway refused the payment"
		if e.Capture {
			text = "The gateway refused to pay out what it had set aside"
		}
		return text + because(cmp.Or(e.Message, e.Code))
	}),
	on(func(e saga.CaptureRequested) string {
		return "Asks the gateway for the " + money(e.Amount) + " that it has set aside" + once(e.Call)
	}),
	on(func(e saga.PaymentCaptured) string { return "Charged " + money(e.Amount) + " as " + e.Reference }),
	on(func(e saga.RefundRequested) string {
		verb := "refund"
		if e.Void {
			verb = "let go of"
		}
		return fmt.Sprintf("Asks the gateway to %s %s%s", verb, money(e.Amount), once(e.Call))
	}),
	on(func(e saga.PaymentRefunded) string { return "Refunded " + money(e.Amount) + " as " + e.Reference }),
	on(func(e saga.PaymentVoided) string { return "Let go of the money set aside, as " + e.Reference }),

	on(func(e saga.ShipmentRequested) string {
		return "Asks carrier " + e.Carrier + " for a shipment" + once(e.Call)
	}),
	on(func(e saga.ShipmentCreated) string {
		if e.TrackingNumber == "" {
			return "Shipment " + e.Reference + " is ready"
		}
		return "Shipment " + e.Reference + " is ready, tracking number " + e.TrackingNumber
	}),
	on(func(e saga.ShipmentFailed) string {
		return "The carrier refused the shipment" + because(cmp.Or(e.Message, e.Code))
	}),
	on(func(e saga.ShipmentCancelRequested) string {
		return "Asks the carrier to cancel shipment " + e.Reference + once(e.Call)
	}),
	on(func(e saga.ShipmentCancelled) string { return "Shipment " + e.Reference + " is cancelled" }),

	on(func(e saga.StepWaiting) string {
		return "Waits for " + fmt.Sprintf(cmp.Or(waits[e.Reason], "%s"), e.Name)
	}),
	on(func(e saga.StepRetryScheduled) string {
		text := call(e.Step, e.Undo) + " failed without an effect"
		if e.Fenced {
			text = call(e.Step, e.Undo) + " did not happen, and the provider refuses it from now on"
		}
		return text + because(e.Message) + "; next attempt at " + clock(e.NotBefore)
	}),
	on(func(e saga.OutcomeUnknown) string {
		return call(e.Step, e.Undo) + ": nobody knows whether it happened" + because(e.Message) +
			"; looked up at " + clock(e.NotBefore)
	}),
	on(func(e saga.CallDoubted) string {
		return call(e.Step, false) + " may have been asked for in the part of the history that was lost: looked up before it is done"
	}),
	on(func(e saga.RollbackSuspected) string {
		return fmt.Sprintf("Events are missing that were there in epoch %d%s", e.Epoch, because(e.Reason))
	}),
	on(func(e saga.RollbackAccepted) string {
		return fmt.Sprintf("The loss of events is accepted: epoch %d begins", e.Epoch)
	}),
	on(func(e saga.AttentionRequired) string {
		return call(e.Step, e.Undo) + " needs a person (" + e.Reason + ")" + because(e.Message)
	}),
	on(func(e saga.AttentionResolved) string {
		text := call(e.Step, e.Undo) + " is decided: " + string(e.Action)
		if e.Reference != "" {
			text += ", reference " + e.Reference
		}
		return text + because(e.Reason)
	}),
)

// waits tell what an order waits for, by reason and with its name.
var waits = map[string]string{
	saga.ReasonWaitingForProduct:  "product %s, which does not exist",
	saga.ReasonWaitingForGateway:  "paymentgateway %s, which does not exist or can't be used",
	saga.ReasonWaitingForCarrier:  "carrier %s, which does not exist or can't be used",
	saga.ReasonWaitingForOrder:    "order %s itself, whose payment token is gone",
	saga.ReasonGatewayUnavailable: "paymentgateway %s, which has failed or is busy",
	saga.ReasonCarrierUnavailable: "carrier %s, which has failed or is busy",
}

// calls and undos name what a step does, and what undoes it, at the beginning of a sentence.
var (
	calls = map[string]string{
		saga.ReserveStock: "Reserving the stock", saga.ProcessPayment: "Taking the payment",
		saga.CreateShipment: "Creating the shipment", saga.CapturePayment: "Taking the money set aside",
	}
	undos = map[string]string{
		saga.ReserveStock: "Releasing the stock", saga.ProcessPayment: "Giving the money back",
		saga.CreateShipment: "Cancelling the shipment", saga.CapturePayment: "Refunding the money",
	}
)

// sentence is a row of the table.
type sentence struct {
	of  reflect.Type
	say func(any) string
}

func on[T any](say func(T) string) sentence {
	return sentence{of: reflect.TypeFor[T](), say: func(payload any) string { return say(payload.(T)) }}
}

func table(rows ...sentence) map[reflect.Type]func(any) string {
	all := make(map[reflect.Type]func(any) string, len(rows))
	for _, row := range rows {
		all[row.of] = row.say
	}
	return all
}

// Sentence says to people what the event means, in one line. An event of a service that this package does not know says
// what it means for its step.
func Sentence(event *eventcore.Event) string {
	if say, ok := sentences[reflect.TypeOf(event.Payload)]; ok {
		return plain(say(event.Payload))
	}
	own, ok := event.Payload.(saga.StepEvent)
	if !ok {
		return event.Type
	}
	change := own.StepChange()
	words := map[saga.StepResult]string{
		saga.StepRequested: " is asked for", saga.StepSucceeded: " is done", saga.StepRefused: " was refused",
	}
	return plain(call(change.Step, change.Undo) + words[change.Result] + because(change.Message))
}

// plain drops what would disturb a terminal: messages are what providers have said.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}

func why(reason string, words map[string]string) string {
	return " " + cmp.Or(words[reason], "("+reason+")")
}

func because(message string) string {
	if message == "" {
		return ""
	}
	return ": " + message
}

func call(step string, undo bool) string {
	if undo {
		return cmp.Or(undos[step], "Undoing "+step)
	}
	return cmp.Or(calls[step], step)
}

// once says if it is not the first time.
func once(c saga.Call) string {
	if c.Try > 1 || c.Generation > 1 {
		return fmt.Sprintf(" once more (generation %d, try %d)", c.Generation, c.Try)
	}
	return ""
}

func items(lines []saga.Line) string {
	parts := make([]string, 0, len(lines))
	for _, line := range lines {
		parts = append(parts, fmt.Sprintf("%d %s", line.Quantity, line.Product))
	}
	return list(parts)
}

func units(lines []saga.StockLine) string {
	parts := make([]string, 0, len(lines))
	for _, line := range lines {
		parts = append(parts, fmt.Sprintf("%d %s", line.Quantity, line.Product))
	}
	return list(parts)
}

func shortages(short []saga.Shortage) string {
	parts := make([]string, 0, len(short))
	for _, s := range short {
		parts = append(parts, fmt.Sprintf("%s: %d ordered, %d available", s.Product, s.Requested, s.Available))
	}
	return strings.Join(parts, "; ")
}

func list(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}

func money(m saga.Money) string { return m.String() + " " + m.Currency }

func clock(at time.Time) string { return at.UTC().Format(time.RFC3339) }
