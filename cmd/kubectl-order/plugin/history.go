// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
)

// reading is the command line of history.
type reading struct {
	output format
	watch  bool
	at     uint64
	from   uint64
}

func (p *plugin) historyCommand() *cobra.Command {
	var r reading
	command := &cobra.Command{
		Use: "history NAME", Short: "Show all that has happened to an order, and why",
		Long: `Show all that has happened to an order: when, what, and on whose behalf.

With -w, go on to show what happens, until the order has ended. With --at, show the order as
it was at a position of the history. The order's Order need not exist any more.

The history comes from the operator, through the API server. You need the permission to get
orders/history in the namespace, and the role order-history-proxy in the operator's. It is
read with your bearer token: with a client certificate, add --as-serviceaccount.`,
		Example: `  kubectl order history order-001
  kubectl order history order-001 -w
  kubectl order history order-001 --at 42             # as it was after event 42
  kubectl order history order-001 -o wide             # with causes, commands and correlation
  kubectl order history order-001 --as-serviceaccount shop/support`,
		Args: one("order"), ValidArgsFunction: p.completeNames(orders, false),
		RunE: func(command *cobra.Command, names []string) error {
			if err := r.output.validate(); err != nil {
				return err
			}
			if r.at > 0 && (r.watch || r.from > 0) {
				return misused("--at can't be combined with --watch or --from")
			}
			c, err := p.connect()
			if err != nil {
				return err
			}
			historian, err := p.historian(command.Context(), c)
			if err != nil {
				return err
			}
			path := scope(c.namespace) + "orders/" + names[0]
			if r.at > 0 {
				return p.stateAt(command.Context(), historian, path, r)
			}
			return p.history(command.Context(), historian, path, r)
		},
	}
	flags := command.Flags()
	flags.BoolVarP(&r.watch, "watch", "w", false, "Go on to show what happens, until the order has ended.")
	flags.Uint64Var(&r.at, "at", 0, "Show the order as it was at this position.")
	flags.Uint64Var(&r.from, "from", 0, "Begin with the event at this position.")
	r.output.bind(command, formatWide, formatJSON, formatYAML)
	return command
}

// stateAt shows an order as it was.
func (p *plugin) stateAt(ctx context.Context, h *historian, path string, r reading) error {
	var state historyv1.State
	if err := h.ask(ctx, path, query{"at": strconv.FormatUint(r.at, 10)}, &state); err != nil {
		return err
	}
	if r.output.structured() {
		return p.printDocument(r.output, state)
	}
	p.say("%s", p.paint.text(fmt.Sprintf("As it was after event %d, at %s:", state.Position, instant(state.Time)), faint))
	p.describe(subject{
		name: state.Name, namespace: state.Namespace, created: timeOf(state.Status.StartTime),
		currency: state.Order.Currency, customer: state.Order.Customer, items: len(state.Order.Items),
		gateway: state.Order.Gateway, carrier: state.Order.Carrier,
	}, &state.Status, r.output.wide())
	return nil
}

// history shows what has happened and then, with -w, what happens.
func (p *plugin) history(ctx context.Context, h *historian, path string, r reading) error {
	s := p.newScroll(r)
	next, err := p.past(ctx, h, path, r, s)
	if err != nil || !r.watch || s.ended {
		return err
	}
	return p.present(ctx, h, path, next, s)
}

// past shows what has happened, page by page, and returns the position after it.
func (p *plugin) past(ctx context.Context, h *historian, path string, r reading, s *scroll) (uint64, error) {
	from, whole := max(r.from, 1), historyv1.Timeline{}
	for {
		page := historyv1.Timeline{}
		if err := h.ask(ctx, path, query{"from": strconv.FormatUint(from, 10)}, &page); err != nil {
			return 0, err
		}
		if r.output.structured() && !r.watch {
			page.Events = append(whole.Events, page.Events...)
			whole = page
		} else if err := s.show(page.Events...); err != nil {
			return 0, err
		}
		if page.Next == 0 {
			from = page.History.Position + 1
			break
		}
		from = page.Next
	}
	if r.output.structured() && !r.watch {
		return 0, p.printDocument(r.output, whole)
	}
	return from, nil
}

// scroll shows events as they come.
type scroll struct {
	*plugin

	output format
	table  *table
	// ended is set while the order's last attempt has.
	ended bool
	// next is the position after the last event shown.
	next uint64
}

func (p *plugin) newScroll(r reading) *scroll {
	heads := []string{"POSITION", "TIME", "EVENT", "BY", "WHAT HAPPENED"}
	if r.output.wide() {
		heads = []string{"POSITION", "CAUSE", "TIME", "EVENT", "BY", "COMMAND", "CORRELATION", "WHAT HAPPENED"}
	}
	s := &scroll{plugin: p, output: r.output, table: p.table(heads...)}
	if r.watch { // rows come one by one: the longest texts that are usual keep the columns in line
		s.table.widths = []int{len("POSITION"), len("2006-01-02T15:04:05.000Z"), len("StockReservationReleased"), len("inventory")}
		if r.output.wide() {
			s.table.widths = []int{len("POSITION"), len("CAUSE"), len("2006-01-02T15:04:05.000Z"), len("StockReservationReleased"), len("inventory")}
		}
	}
	return s
}

func (s *scroll) show(events ...historyv1.Event) error {
	for i := range events {
		event := &events[i]
		s.next = event.Position + 1
		switch event.Type {
		case "OrderCreated":
			s.ended = false
		case "OrderCompleted", "OrderCancelled":
			s.ended = true
		}
		if s.output.structured() {
			if err := s.printLine(s.output, event); err != nil {
				return err
			}
			continue
		}
		s.table.add(s.cells(event)...)
	}
	if s.output.structured() {
		return nil
	}
	return s.table.flush()
}

func (s *scroll) cells(event *historyv1.Event) []cell {
	position, cause := strconv.FormatUint(event.Position, 10), "-"
	if event.Causation > 0 {
		cause = strconv.FormatUint(event.Causation, 10)
	}
	name := cell{event.Type, colours[event.Type]}
	if s.output.wide() {
		return []cell{
			{text: position}, {text: cause}, {instant(event.Time), faint}, name, {text: orNone(event.Actor)},
			{text: orNone(event.Command)}, {text: orNone(event.Correlation)}, {text: event.Sentence},
		}
	}
	return []cell{{text: position}, {instant(event.Time), faint}, name, {text: orNone(event.Actor)}, {text: event.Sentence}}
}

// colours show at a glance where an order turned.
var colours = map[string]colour{
	"OrderCompleted": green, "OrderCancelled": red, "CompensationStarted": red, "DeadlineExceeded": red,
	"AttentionRequired": red, "StockReservationFailed": red, "PaymentFailed": red, "ShipmentFailed": red,
	"StepWaiting": yellow, "StepRetryScheduled": yellow, "OutcomeUnknown": yellow, "OrderSuspended": yellow,
}

// printDocument prints something that is no API object.
func (p *plugin) printDocument(output format, document any) error {
	body, err := json.MarshalIndent(document, "", "    ")
	if err == nil && output.value == formatYAML {
		body, err = yaml.JSONToYAML(body)
	}
	if err != nil {
		return fmt.Errorf("print as %s: %w", output.value, err)
	}
	if output.value == formatJSON {
		body = append(body, '\n')
	}
	_, err = p.Streams.Out.Write(body)
	return err
}

// printLine prints one of many documents, whose end nobody knows: a line of JSON, or a document of YAML.
func (p *plugin) printLine(output format, document any) error {
	if output.value == formatYAML {
		p.say("---")
		return p.printDocument(output, document)
	}
	return json.NewEncoder(p.Streams.Out).Encode(document)
}
