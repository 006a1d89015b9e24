// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

func (p *plugin) statusCommand() *cobra.Command {
	var output format
	command := &cobra.Command{
		Use: "status NAME...", Short: "Show where an order stands, and what it waits for",
		Long: `Show where an order stands: its steps, its money, its shipment, and what it waits for.

When an order needs a person, the question and the possible answers are shown.`,
		Example: `  kubectl order status order-001
  kubectl order status order-001 -o wide   # with the position in the history, and all conditions
  kubectl order status order-001 -o yaml`,
		Args: named("an order"), ValidArgsFunction: p.completeNames(orders, true),
		RunE: func(command *cobra.Command, names []string) error {
			if err := output.validate(); err != nil {
				return err
			}
			c, err := p.connect()
			if err != nil {
				return err
			}
			found := make([]runtime.Object, 0, len(names))
			for _, name := range names {
				order := &commercev1.Order{}
				if err := c.get(command.Context(), orders, c.namespace, name, order); err != nil {
					return mayHaveBeen(err, name)
				}
				found = append(found, order)
			}
			if output.structured() {
				return p.printObjects(output, found...)
			}
			for i, object := range found {
				if i > 0 {
					p.say("")
				}
				order := object.(*commercev1.Order)
				p.describe(subject{
					name: order.Name, namespace: order.Namespace, created: order.CreationTimestamp.Time,
					currency: order.Spec.Currency, customer: order.Spec.Customer.ID, items: len(order.Spec.Items),
					gateway: order.Spec.Payment.GatewayName, carrier: order.Spec.Shipping.CarrierName,
				}, &order.Status, output.wide())
			}
			return nil
		},
	}
	output.bind(command, formatWide, formatJSON, formatYAML, formatName)
	return command
}

// mayHaveBeen points to what outlives an Order.
func mayHaveBeen(err error, name string) error {
	if apierrors.IsNotFound(err) && knowsObject(err) {
		return fmt.Errorf("%w: if it was deleted, its history is still there: kubectl order history %s", err, name)
	}
	return err
}

// subject is what a status is about: an Order, or what the history knows of one.
type subject struct {
	name, namespace    string
	created            time.Time
	currency, customer string
	gateway, carrier   string
	items              int
}

// say prints a line.
func (p *plugin) say(format string, values ...any) {
	_, _ = fmt.Fprintf(p.Streams.Out, format+"\n", values...)
}

// describe says in words what the status says.
func (p *plugin) describe(s subject, status *commercev1.OrderStatus, wide bool) {
	ready := apimeta.FindStatusCondition(status.Conditions, commercev1.ConditionReady)
	if ready == nil {
		ready = &metav1.Condition{Reason: commercev1.ReasonPending, Message: "Waiting for the order controller"}
	}
	p.say("%s in namespace %s: %s", p.paint.text(s.name, bold), s.namespace, p.paint.text(ready.Reason, colourOf(status, ready)))
	p.say("%s", ready.Message)
	p.say("")
	for _, line := range p.facts(s, status, wide) {
		p.say("%s  %s", p.paint.text(fmt.Sprintf("%-11s", line.label+":"), faint), line.text)
	}
	p.steps(status)
	p.question(s, status)
}

// colourOf is green for what went well, red for what did not, yellow for what is under way.
func colourOf(status *commercev1.OrderStatus, ready *metav1.Condition) colour {
	switch {
	case ready.Status == metav1.ConditionTrue:
		return green
	case apimeta.IsStatusConditionTrue(status.Conditions, commercev1.ConditionStalled):
		return red
	}
	return yellow
}

// fact is a labelled line.
type fact struct{ label, text string }

func (p *plugin) facts(s subject, status *commercev1.OrderStatus, wide bool) []fact {
	facts := []fact{
		{"Customer", s.customer},
		{"Total", p.total(s, status)},
		{"Charged", amount(status.Charged, s.currency, by("gateway", s.gateway, status.Payment.Reference))},
		{"Refunded", amount(status.Refunded, s.currency, "")},
		{"Shipment", shipment(s, status)},
		{"Placed", p.moment(cmp.Or(timeOf(status.StartTime), s.created)) + attempt(status)},
	}
	if end := timeOf(status.CompletionTime); !end.IsZero() {
		facts = append(facts, fact{string(cmp.Or(status.Outcome, "Ended")), p.moment(end)})
	}
	if waits := waitsFor(status); waits != "" {
		facts = append(facts, fact{"Waits for", waits})
	}
	if wide {
		h := status.History
		facts = append(facts, fact{"History", fmt.Sprintf("position %d of store %s, epoch %d", h.Position, orNone(h.StoreID), h.Epoch)})
		for _, c := range status.Conditions {
			facts = append(facts, fact{"Condition", fmt.Sprintf("%s=%s since %s (%s)", c.Type, c.Status, instant(c.LastTransitionTime.Time), c.Reason)})
		}
	}
	return facts
}

func (p *plugin) total(s subject, status *commercev1.OrderStatus) string {
	if status.Total == "" {
		return "not known yet"
	}
	return fmt.Sprintf("%s %s for %s", status.Total, s.currency, counted(s.items, "product"))
}

func counted(count int, what string) string {
	if count == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", count, what)
}

// amount says how much money has moved.
func amount(value, currency, how string) string {
	if strings.Trim(value, "0.") == "" {
		return "nothing"
	}
	return strings.TrimSpace(value + " " + currency + " " + how)
}

func by(kind, name, reference string) string {
	if reference == "" {
		return "by " + kind + " " + name
	}
	return fmt.Sprintf("by %s %s, as %s", kind, name, reference)
}

func shipment(s subject, status *commercev1.OrderStatus) string {
	if status.Shipment.Reference == "" {
		return "none"
	}
	text := fmt.Sprintf("%s by carrier %s", status.Shipment.Reference, s.carrier)
	if number := status.Shipment.TrackingNumber; number != "" {
		text += ", tracking number " + number
	}
	return text
}

func attempt(status *commercev1.OrderStatus) string {
	if status.Attempt <= 1 {
		return ""
	}
	return fmt.Sprintf(", attempt %d", status.Attempt)
}

func timeOf(at *metav1.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.Time
}

// moment is a time and how long ago it was.
func (p *plugin) moment(at time.Time) string {
	if at.IsZero() {
		return "<unknown>"
	}
	return fmt.Sprintf("%s (%s ago)", at.UTC().Format(time.RFC3339), p.age(at))
}

// waitsFor says what has to happen for the order to go on, empty if it has ended and nothing has to.
func waitsFor(status *commercev1.OrderStatus) string {
	if status.Attention.Position > 0 {
		if next := timeOf(status.Attention.NextAttemptTime); !next.IsZero() {
			return "a decision; the operator tries again at " + next.UTC().Format(time.RFC3339)
		}
		return "a decision"
	}
	if status.Outcome != "" {
		return ""
	}
	ready := apimeta.FindStatusCondition(status.Conditions, commercev1.ConditionReady)
	if ready != nil && ready.Reason == commercev1.ReasonSuspended {
		return "somebody to resume it"
	}
	return stepWaits(status)
}

// stepWaits says which step the order waits for.
func stepWaits(status *commercev1.OrderStatus) string {
	for _, step := range status.Steps {
		if next := timeOf(step.NextAttemptTime); !next.IsZero() {
			return fmt.Sprintf("the next attempt of %s at %s", running(step), next.UTC().Format(time.RFC3339))
		}
	}
	at := slices.IndexFunc(status.Steps, func(step commercev1.OrderStep) bool {
		return step.State == commercev1.StepStateRunning || step.State == commercev1.StepStateUndoing ||
			step.State == commercev1.StepStateUnknown || step.State == commercev1.StepStatePending
	})
	if at < 0 {
		return "the operator"
	}
	return cmp.Or(answers[running(status.Steps[at])], running(status.Steps[at]))
}

// answers say what a step waits for while it is under way, or next.
var answers = map[string]string{
	commercev1.StepReserveStock:   "the stock to be reserved",
	commercev1.StepProcessPayment: "the payment gateway's answer",
	commercev1.StepCreateShipment: "the carrier's answer",
	commercev1.StepCapturePayment: "the payment gateway's answer",
	"ReleaseStock":                "the stock to be released",
	"RefundPayment":               "the payment gateway's answer to the refund",
	"VoidPayment":                 "the payment gateway's answer",
	"CancelShipment":              "the carrier's answer to the cancellation",
}

// running is the name of what is done about a step.
func running(step commercev1.OrderStep) string {
	if step.Compensation.Name != "" && step.State == commercev1.StepStateUndoing {
		return step.Compensation.Name
	}
	return step.Name
}

// states says how a step stands, and in which colour.
var states = map[commercev1.OrderStepState]cell{
	commercev1.StepStatePending:   {"not begun", faint},
	commercev1.StepStateRunning:   {"under way", yellow},
	commercev1.StepStateSucceeded: {"done", green},
	commercev1.StepStateRefused:   {"refused", red},
	commercev1.StepStateUnknown:   {"outcome unknown", yellow},
	commercev1.StepStateUndoing:   {"being undone", yellow},
	commercev1.StepStateUndone:    {"undone", plain},
	commercev1.StepStateSkipped:   {"left out", faint},
}

// steps prints the table of steps.
func (p *plugin) steps(status *commercev1.OrderStatus) {
	if len(status.Steps) == 0 {
		return
	}
	p.say("")
	t := p.table("STEP", "STATE", "TRIES", "AGE", "MESSAGE")
	for _, step := range status.Steps {
		state, known := states[step.State]
		if !known {
			state = cell{text: string(step.State)}
		}
		age := "-"
		if step.LastTransitionTime != nil {
			age = p.age(step.LastTransitionTime.Time)
		}
		t.add(cell{text: step.Name}, state, cell{text: tries(step)}, cell{text: age}, cell{text: message(step)})
	}
	_ = t.flush() // a terminal that is gone needs no table
}

func tries(step commercev1.OrderStep) string {
	switch {
	case step.Compensation.Attempts > 0:
		return fmt.Sprintf("%d, %d to undo", step.Attempts, step.Compensation.Attempts)
	case step.Attempts > 0:
		return strconv.Itoa(int(step.Attempts))
	}
	return "-"
}

func message(step commercev1.OrderStep) string {
	parts := make([]string, 0, 3)
	if step.Compensation.Name != "" {
		parts = append(parts, "by "+step.Compensation.Name)
	}
	if step.Message != "" {
		parts = append(parts, step.Message)
	}
	if next := timeOf(step.NextAttemptTime); !next.IsZero() {
		parts = append(parts, "again at "+next.UTC().Format(time.RFC3339))
	}
	return strings.Join(parts, "; ")
}

// question says what a person has to decide, and how.
func (p *plugin) question(s subject, status *commercev1.OrderStatus) {
	a := status.Attention
	if a.Position == 0 {
		return
	}
	p.say("")
	p.say("%s %s (%s)%s", p.paint.text("A person has to decide about", red), p.paint.text(a.Operation, bold), a.Reason, because(a.Message))
	p.say("  kubectl order resolve %s -n %s --retry --reason WHY                   # try it again", s.name, s.namespace)
	p.say("  kubectl order resolve %s -n %s --skip --reason WHY                    # it did not happen, or was undone by hand", s.name, s.namespace)
	p.say("  kubectl order resolve %s -n %s --force --reference ID --reason WHY    # it did happen, as ID at the provider", s.name, s.namespace)
}

func because(message string) string {
	if message == "" {
		return ""
	}
	return ": " + message
}
