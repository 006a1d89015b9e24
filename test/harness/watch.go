// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// WatchOrders calls see for every Order of the namespace, as it is and whenever it changes, until see says that it is done or ctx ends. deleted is
// set for an Order that is gone.
func (c *Cluster) WatchOrders(ctx context.Context, namespace string, see func(order *commercev1.Order, deleted bool) (done bool)) error {
	return c.watch(ctx, &commercev1.OrderList{}, namespace, func(object client.Object, deleted bool) bool {
		return see(object.(*commercev1.Order), deleted)
	})
}

// WatchProducts is WatchOrders for Products.
func (c *Cluster) WatchProducts(ctx context.Context, namespace string, see func(product *commercev1.Product, deleted bool) (done bool)) error {
	return c.watch(ctx, &commercev1.ProductList{}, namespace, func(object client.Object, deleted bool) bool {
		return see(object.(*commercev1.Product), deleted)
	})
}

// watch lists and then watches, and begins again when the API server ends a watch.
func (c *Cluster) watch(ctx context.Context, list client.ObjectList, namespace string, see func(client.Object, bool) bool) error {
	for {
		done, err := c.watchOnce(ctx, list, namespace, see)
		if done || err != nil {
			return err
		}
	}
}

func (c *Cluster) watchOnce(ctx context.Context, list client.ObjectList, namespace string, see func(client.Object, bool) bool) (bool, error) {
	if err := c.watcher.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return false, err
	}
	items, err := apimeta.ExtractList(list)
	if err != nil {
		return false, err
	}
	for _, item := range items {
		if see(item.(client.Object), false) {
			return true, nil
		}
	}
	since := &client.ListOptions{Namespace: namespace, Raw: &metav1.ListOptions{ResourceVersion: list.GetResourceVersion()}}
	stream, err := c.watcher.Watch(ctx, list, since)
	if err != nil {
		return false, err
	}
	defer stream.Stop()
	for event := range stream.ResultChan() {
		object, ok := event.Object.(client.Object)
		if !ok {
			return false, nil // the watch is too old, or has failed
		}
		if see(object, event.Type == watch.Deleted) {
			return true, nil
		}
	}
	return false, ctx.Err()
}

// WaitForOrders waits until each of the Orders has ended, in whatever way, or needs a person, and returns them by name. If ctx ends before, the error
// says which have not, and how far they were.
func (c *Cluster) WaitForOrders(ctx context.Context, namespace string, names ...string) (map[string]*commercev1.Order, error) {
	ended := map[string]*commercev1.Order{}
	open := map[string]string{}
	for _, name := range names {
		open[name] = "not there"
	}
	err := c.WatchOrders(ctx, namespace, func(order *commercev1.Order, deleted bool) bool {
		if !slices.Contains(names, order.Name) || deleted {
			return false
		}
		if AtRest(order) {
			delete(open, order.Name)
			ended[order.Name] = order.DeepCopy()
		} else {
			delete(ended, order.Name)
			open[order.Name] = Describe(order)
		}
		return len(open) == 0
	})
	if err != nil && ctx.Err() != nil {
		return ended, &UnfinishedError{Orders: open, cause: context.Cause(ctx)}
	}
	return ended, err
}

// UnfinishedError names the Orders that have not ended in time.
type UnfinishedError struct {
	// Orders holds by name what each said last.
	Orders map[string]string
	cause  error
}

// Error lists the Orders.
func (e *UnfinishedError) Error() string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(e.Orders)) {
		lines = append(lines, fmt.Sprintf("order %s has not ended: %s", name, e.Orders[name]))
	}
	return strings.Join(append(lines, e.cause.Error()), "; ")
}

// Unwrap returns why the wait ended.
func (e *UnfinishedError) Unwrap() error { return e.cause }

// AtRest reports whether the operator has nothing more to do for the Order: it has ended, or needs a person.
func AtRest(order *commercev1.Order) bool {
	return order.Status.Outcome != "" || apimeta.IsStatusConditionTrue(order.Status.Conditions, commercev1.ConditionStalled)
}

// Describe returns the reason and the message of the Order's Ready condition.
func Describe(order *commercev1.Order) string {
	ready := apimeta.FindStatusCondition(order.Status.Conditions, commercev1.ConditionReady)
	if ready == nil {
		return "no condition Ready"
	}
	return ready.Reason + ": " + ready.Message
}

// Reason returns the reason of the Order's Ready condition: what kubectl shows as its status.
func Reason(order *commercev1.Order) string {
	if ready := apimeta.FindStatusCondition(order.Status.Conditions, commercev1.ConditionReady); ready != nil {
		return ready.Reason
	}
	return ""
}

// DeleteOrder deletes the Order and waits until it is gone.
func (c *Cluster) DeleteOrder(ctx context.Context, namespace, name string) error {
	order := &commercev1.Order{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	if err := c.Client.Delete(ctx, order); err != nil {
		return fmt.Errorf("delete order %s: %w", name, err)
	}
	err := c.Client.Get(ctx, client.ObjectKeyFromObject(order), order)
	if client.IgnoreNotFound(err) != nil {
		return err
	}
	if err == nil {
		return errors.New("order " + name + " is still there after its deletion: it has finalizers")
	}
	return nil
}
