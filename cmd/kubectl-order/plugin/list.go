// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
)

// listing is the command line of list.
type listing struct {
	output   format
	all      bool
	orphaned bool
	selector string
}

func (p *plugin) listCommand() *cobra.Command {
	var l listing
	command := &cobra.Command{
		Use: "list", Short: "List orders, also those whose Order is gone",
		Long: `List the Orders of a namespace, or of all with -A.

With --orphaned, list the orders that the event store knows and the cluster does not:
their Order was deleted, or lost with etcd. Their history stays, and an Order of the same
name and content would be joined to it, and not be carried out again.`,
		Example: `  kubectl order list
  kubectl order list -A -o wide
  kubectl order list --orphaned -n shop`,
		Args: nameless,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := l.output.validate(); err != nil {
				return err
			}
			if l.orphaned && l.selector != "" {
				return misused("--orphaned can't be combined with --selector: labels are gone with the Orders")
			}
			c, err := p.connect()
			if err != nil {
				return err
			}
			if l.orphaned {
				return p.listOrphans(command.Context(), c, l)
			}
			return p.listOrders(command.Context(), c, l)
		},
	}
	command.Flags().BoolVarP(&l.all, "all-namespaces", "A", false, "List the orders of all namespaces.")
	command.Flags().BoolVar(&l.orphaned, "orphaned", false, "List the orders of the event store that have no Order in the cluster.")
	command.Flags().StringVarP(&l.selector, "selector", "l", "", "Selector (label query) to filter Orders by.")
	l.output.bind(command, formatWide, formatJSON, formatYAML, formatName)
	return command
}

// namespaceOf is the namespace to list, empty for all.
func namespaceOf(c *cluster, all bool) string {
	if all {
		return ""
	}
	return c.namespace
}

func (p *plugin) listOrders(ctx context.Context, c *cluster, l listing) error {
	var found []runtime.Object
	list := &commercev1.OrderList{}
	err := c.list(ctx, orders, namespaceOf(c, l.all), l.selector, list, func() error {
		for i := range list.Items {
			if err := c.complete(&list.Items[i]); err != nil {
				return err
			}
			found = append(found, list.Items[i].DeepCopy())
		}
		return nil
	})
	if err != nil {
		return err
	}
	if l.output.structured() {
		return p.printObjects(l.output, found...)
	}
	rows := make([]row, 0, len(found))
	for _, object := range found {
		order := object.(*commercev1.Order)
		rows = append(rows, row{
			name:   types.NamespacedName{Namespace: order.Namespace, Name: order.Name},
			status: &order.Status, currency: order.Spec.Currency, customer: order.Spec.Customer.ID, created: order.CreationTimestamp.Time,
		})
	}
	return p.printRows(rows, l, c)
}

// listOrphans asks the store first: an order that is created meanwhile is not taken for lost.
func (p *plugin) listOrphans(ctx context.Context, c *cluster, l listing) error {
	historian, err := p.historian(ctx, c)
	if err != nil {
		return err
	}
	namespace := namespaceOf(c, l.all)
	var known []historyv1.State
	for from := uint64(1); from != 0; {
		page := historyv1.OrderList{}
		err := historian.ask(ctx, scope(namespace)+"orders", query{"from": strconv.FormatUint(from, 10)}, &page)
		if err != nil {
			return err
		}
		known, from = append(known, page.Orders...), page.Next
	}
	there, err := c.names(ctx, orders, namespace)
	if err != nil {
		return err
	}
	present := map[types.NamespacedName]bool{}
	for _, name := range there {
		present[name] = true
	}
	orphans := slices.DeleteFunc(known, func(s historyv1.State) bool {
		return present[types.NamespacedName{Namespace: s.Namespace, Name: s.Name}]
	})
	if l.output.structured() {
		return p.printStates(l.output, orphans)
	}
	rows := make([]row, 0, len(orphans))
	for i := range orphans {
		s := &orphans[i]
		rows = append(rows, row{
			name:   types.NamespacedName{Namespace: s.Namespace, Name: s.Name},
			status: &s.Status, currency: s.Order.Currency, customer: s.Order.Customer, created: timeOf(s.Status.StartTime),
		})
	}
	return p.printRows(rows, l, c)
}

// printStates prints orders without an Order for programs.
func (p *plugin) printStates(output format, states []historyv1.State) error {
	if output.value != formatName {
		return p.printDocument(output, historyv1.OrderList{Orders: states})
	}
	for _, s := range states {
		p.say("order.%s/%s", commercev1.GroupVersion.Group, s.Name)
	}
	return nil
}

// row is an order in a list.
type row struct {
	name               types.NamespacedName
	status             *commercev1.OrderStatus
	currency, customer string
	created            time.Time
}

func (p *plugin) printRows(rows []row, l listing, c *cluster) error {
	if len(rows) == 0 {
		p.nothing(l, c)
		return nil
	}
	heads := []string{"NAME", "STATUS", "TOTAL", "CHARGED", "REFUNDED", "AGE"}
	if l.all {
		heads = append([]string{"NAMESPACE"}, heads...)
	}
	if l.output.wide() {
		heads = append(heads, "CUSTOMER", "TRACKING", "MESSAGE")
	}
	t := p.table(heads...)
	for _, r := range rows {
		t.add(p.rowCells(r, l)...)
	}
	return t.flush()
}

func (p *plugin) rowCells(r row, l listing) []cell {
	reason, message, c := commercev1.ReasonPending, "", yellow
	if ready := apimeta.FindStatusCondition(r.status.Conditions, commercev1.ConditionReady); ready != nil {
		reason, message, c = ready.Reason, ready.Message, colourOf(r.status, ready)
	}
	money := func(value string) string {
		if value == "" {
			return ""
		}
		return value + " " + r.currency
	}
	list := []cell{
		{text: r.name.Name}, {reason, c},
		{text: money(r.status.Total)}, {text: money(r.status.Charged)}, {text: money(r.status.Refunded)}, {text: p.age(r.created)},
	}
	if l.all {
		list = append([]cell{{text: r.name.Namespace}}, list...)
	}
	if l.output.wide() {
		list = append(list, cells(r.customer, orNone(r.status.Shipment.TrackingNumber), message)...)
	}
	return list
}

// nothing says, as kubectl does, that there is nothing to list.
func (p *plugin) nothing(l listing, c *cluster) {
	what := "orders"
	if l.orphaned {
		what = "orphaned orders"
	}
	p.noneFound(what, c, l.all)
}
