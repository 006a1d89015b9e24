// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// verb is something that is done to Orders by a change of their spec.
type verb struct {
	name, short, long, example string
	// done is what is said afterwards.
	done string
	// refuse says why there is nothing to do to the order: an error, or a note that it is done already.
	refuse func(order *commercev1.Order) (note string, err error)
	spec   map[string]any
}

func (p *plugin) cancelCommand() *cobra.Command {
	return p.verbCommand(verb{
		name: "cancel", short: "Have orders undone and cancelled",
		long: `Ask for orders to be undone and cancelled: the shipment is called off, the money given
back and the stock released, in reverse.

A cancellation can't be withdrawn. Once the goods have left, it has no effect.`,
		example: "  kubectl order cancel order-001\n  kubectl order history order-001 -w   # watch it being undone",
		done:    "cancellation requested",
		refuse: func(order *commercev1.Order) (string, error) {
			if order.Spec.Cancellation != "" {
				return "cancellation was requested before", nil
			}
			return "", ended(order, "cancel")
		},
		spec: map[string]any{"cancellation": commercev1.CancellationRequested},
	})
}

func (p *plugin) suspendCommand() *cobra.Command {
	return p.verbCommand(verb{
		name: "suspend", short: "Stop orders before their next step",
		long: `Stop orders before their next step, until they are resumed. What is under way is finished,
what is being undone is undone, and the deadline keeps running.`,
		example: "  kubectl order suspend order-001",
		done:    "suspended",
		refuse: func(order *commercev1.Order) (string, error) {
			if order.Spec.Suspend != nil && *order.Spec.Suspend {
				return "suspended before", nil
			}
			return "", ended(order, "suspend")
		},
		spec: map[string]any{"suspend": true},
	})
}

func (p *plugin) resumeCommand() *cobra.Command {
	return p.verbCommand(verb{
		name: "resume", short: "Let suspended orders go on",
		long: `Let orders go on that were suspended, or that are held because they were restored from a
backup.`,
		example: "  kubectl order resume order-001",
		done:    "resumed",
		refuse:  func(order *commercev1.Order) (string, error) { return "", ended(order, "resume") },
		spec:    map[string]any{"suspend": false},
	})
}

// ended returns an error for an order that has.
func ended(order *commercev1.Order, verb string) error {
	if order.Status.Outcome == "" {
		return nil
	}
	return fmt.Errorf("order %s has ended (%s): there is nothing to %s", order.Name, order.Status.Outcome, verb)
}

func (p *plugin) verbCommand(v verb) *cobra.Command {
	var output format
	var dryRun dryRun
	command := &cobra.Command{
		Use: v.name + " NAME...", Short: v.short, Long: v.long, Example: v.example,
		Args: named("an order"), ValidArgsFunction: p.completeNames(orders, true),
		RunE: func(command *cobra.Command, names []string) error {
			if err := output.validate(); err != nil {
				return err
			}
			if err := dryRun.validate(); err != nil {
				return err
			}
			c, err := p.connect()
			if err != nil {
				return err
			}
			for _, name := range names {
				if err := p.do(command.Context(), c, v, name, output, dryRun); err != nil {
					return err
				}
			}
			return nil
		},
	}
	dryRun.bind(command)
	output.bind(command, formatJSON, formatYAML, formatName)
	return command
}

func (p *plugin) do(ctx context.Context, c *cluster, v verb, name string, output format, dryRun dryRun) error {
	order := &commercev1.Order{}
	if err := c.get(ctx, orders, c.namespace, name, order); err != nil {
		return err
	}
	note, err := v.refuse(order)
	if err != nil {
		return err
	}
	if note == "" {
		if order, err = c.patch(ctx, name, v.spec, dryRun.on()); err != nil {
			return err
		}
		note = v.done + dryRun.note()
	}
	return p.changed(order, note, output)
}

// changed tells what has become of an Order.
func (p *plugin) changed(order *commercev1.Order, note string, output format) error {
	if output.structured() {
		return p.printObjects(output, order)
	}
	p.say("order.%s/%s %s", commercev1.GroupVersion.Group, order.Name, note)
	return nil
}

// dryRun is a --dry-run flag.
type dryRun struct{ value string }

func (d *dryRun) bind(command *cobra.Command) {
	command.Flags().StringVar(&d.value, "dry-run", "none",
		`Must be "none" or "server". If server, the API server checks the change and does not keep it.`)
	_ = command.RegisterFlagCompletionFunc("dry-run", cobra.FixedCompletions([]string{"none", "server"}, cobra.ShellCompDirectiveNoFileComp))
}

func (d *dryRun) validate() error {
	if d.value != "none" && d.value != "server" {
		return misused("--dry-run=%s: use none or server", d.value)
	}
	return nil
}

func (d *dryRun) on() bool { return d.value == "server" }

func (d *dryRun) note() string {
	if d.on() {
		return " (server dry run)"
	}
	return ""
}
