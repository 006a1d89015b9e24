// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

func (p *plugin) stockCommand() *cobra.Command {
	var output format
	var all bool
	command := &cobra.Command{
		Use: "stock [NAME...]", Short: "Show how much of each product there is",
		Long: `Show the stock of products: what was supplied, what orders have reserved, what was shipped,
and what is left to sell.`,
		Example:           "  kubectl order stock\n  kubectl order stock laptop-001 mouse-001 -o wide\n  kubectl order stock -A",
		ValidArgsFunction: p.completeNames(products, true),
		RunE: func(command *cobra.Command, names []string) error {
			if err := output.validate(); err != nil {
				return err
			}
			if len(names) > 0 && all {
				return misused("a NAME can't be combined with --all-namespaces")
			}
			c, err := p.connect()
			if err != nil {
				return err
			}
			found, err := listOrGet(command.Context(), c, products, namespaceOf(c, all), names,
				func() runtime.Object { return &commercev1.Product{} }, &commercev1.ProductList{})
			if err != nil {
				return err
			}
			return p.printStock(found, output, all, c)
		},
	}
	command.Flags().BoolVarP(&all, "all-namespaces", "A", false, "Show the products of all namespaces.")
	output.bind(command, formatWide, formatJSON, formatYAML, formatName)
	return command
}

// listOrGet returns the named objects, or all if none is named.
func listOrGet(
	ctx context.Context, c *cluster, resource, namespace string, names []string, one func() runtime.Object, list runtime.Object,
) ([]runtime.Object, error) {
	var found []runtime.Object
	for _, name := range names {
		object := one()
		if err := c.get(ctx, resource, namespace, name, object); err != nil {
			return nil, err
		}
		found = append(found, object)
	}
	if len(names) > 0 {
		return found, nil
	}
	err := c.list(ctx, resource, namespace, "", list, func() error {
		items, err := apimeta.ExtractList(list.DeepCopyObject())
		if err != nil {
			return err
		}
		for _, item := range items {
			if err := c.complete(item); err != nil {
				return err
			}
		}
		found = append(found, items...)
		return nil
	})
	return found, err
}

func (p *plugin) printStock(found []runtime.Object, output format, all bool, c *cluster) error {
	if output.structured() {
		return p.printObjects(output, found...)
	}
	if len(found) == 0 {
		p.noneFound("products", c, all)
		return nil
	}
	heads := []string{"NAME", "AVAILABLE", "RESERVED", "SHIPPED", "SUPPLIED", "STATUS"}
	if all {
		heads = append([]string{"NAMESPACE"}, heads...)
	}
	if output.wide() {
		heads = append(heads, "SOURCES", "MESSAGE")
	}
	t := p.table(heads...)
	for _, object := range found {
		product := object.(*commercev1.Product)
		row := stockCells(product, output.wide())
		if all {
			row = append([]cell{{text: product.Namespace}}, row...)
		}
		t.add(row...)
	}
	return t.flush()
}

func stockCells(product *commercev1.Product, wide bool) []cell {
	supplied := int64(0)
	for _, source := range product.Spec.Supply {
		supplied += valueOf(source.Received) - valueOf(source.Removed)
	}
	status := &product.Status
	reason, message, c := worst(status.Conditions)
	left := cell{text: number(status.Available)}
	if status.Available != nil && *status.Available == 0 {
		left.c = red
	}
	row := []cell{
		{text: product.Name}, left, {text: number(status.Reserved)}, {text: number(status.Shipped)},
		{text: strconv.FormatInt(supplied, 10)}, {reason, c},
	}
	if wide {
		row = append(row, cell{text: strconv.Itoa(len(product.Spec.Supply))}, cell{text: message})
	}
	return row
}

// worst returns the condition that a person should know about first, and Ready otherwise.
func worst(conditions []metav1.Condition) (reason, message string, c colour) {
	if oversold := apimeta.FindStatusCondition(conditions, commercev1.ConditionOversubscribed); oversold != nil &&
		oversold.Status == metav1.ConditionTrue {
		return commercev1.ConditionOversubscribed, oversold.Message, red
	}
	if wrong := apimeta.FindStatusCondition(conditions, commercev1.ConditionConsistent); wrong != nil &&
		wrong.Status == metav1.ConditionFalse {
		return wrong.Reason, wrong.Message, red
	}
	ready := apimeta.FindStatusCondition(conditions, commercev1.ConditionReady)
	switch {
	case ready == nil:
		return commercev1.ReasonPending, "", yellow
	case ready.Status == metav1.ConditionTrue:
		return "Ready", ready.Message, green
	case ready.Status == metav1.ConditionUnknown:
		return ready.Reason, ready.Message, yellow
	}
	return ready.Reason, ready.Message, red
}

func valueOf(number *int64) int64 {
	if number == nil {
		return 0
	}
	return *number
}

// number is a dash while nobody knows.
func number(value *int64) string {
	if value == nil {
		return "-"
	}
	return strconv.FormatInt(*value, 10)
}
