// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operatorbench

import (
	"context"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
	"github.com/eventcore/order-operator/hack/bench/internal/shop"
)

const (
	// creators is how many create orders at once in a burst.
	creators = 8
	// patience is longer than an order ever takes that is carried out at all.
	patience = 2 * time.Minute
)

// load is what happens to an operator: create calls its argument for each order, with the time from which the order's
// own is counted.
type load func(ctx context.Context, create func(begin time.Time) error) error

// burst creates so many orders as fast as the API server takes them.
func burst(orders int) load {
	return func(ctx context.Context, create func(time.Time) error) error {
		numbers := make(chan struct{}, orders)
		for range orders {
			numbers <- struct{}{}
		}
		close(numbers)
		group := newGroup(ctx)
		for range creators {
			group.do(func() error {
				for range numbers {
					if err := create(time.Now()); err != nil {
						return err
					}
				}
				return nil
			})
		}
		return group.wait()
	}
}

// openLoop creates orders at the rate, whether or not those before are finished: an order's time counts from when it
// should have been created.
func openLoop(perSecond int, length time.Duration) load {
	return func(ctx context.Context, create func(time.Time) error) error {
		group := newGroup(ctx)
		begin := time.Now()
		for number := range int(length.Seconds() * float64(perSecond)) {
			due := begin.Add(time.Duration(number) * time.Second / time.Duration(perSecond))
			select {
			case <-time.After(time.Until(due)):
			case <-group.ctx.Done():
				return group.wait()
			}
			group.do(func() error { return create(due) })
		}
		return group.wait()
	}
}

// tracker follows orders from their creation until a watch shows their end.
type tracker struct {
	plant *plant

	mu     sync.Mutex
	begun  map[string]time.Time
	result measure.Result
	// ended is told when no order is open.
	ended chan struct{}
}

// carry has the operator carry out the load, and returns when every order has ended.
func (p *plant) carry(ctx context.Context, load load) (measure.Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := &tracker{plant: p, begun: map[string]time.Time{}, ended: make(chan struct{}, 1)}
	watching := make(chan struct{})
	go func() { cancel(t.follow(ctx, watching)) }()
	select {
	case <-watching:
	case <-ctx.Done():
		return measure.Result{}, context.Cause(ctx)
	}
	begin := time.Now()
	if err := load(ctx, func(begin time.Time) error { return t.create(ctx, begin) }); err != nil {
		return measure.Result{}, err
	}
	if err := t.wait(ctx); err != nil {
		return measure.Result{}, err
	}
	t.result.Elapsed = time.Since(begin)
	return t.result, nil
}

// follow tells of the orders that have completed until ctx ends, and closes watching when it has begun.
func (t *tracker) follow(ctx context.Context, watching chan<- struct{}) error {
	for once := sync.OnceFunc(func() { close(watching) }); ; {
		if err := t.watch(ctx, once); err != nil {
			return err
		}
	}
}

// watch lists and then watches the names of the orders that have completed, until the API server ends the watch.
func (t *tracker) watch(ctx context.Context, watching func()) error {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(commercev1.GroupVersion.WithKind("OrderList"))
	completed := &client.ListOptions{
		Namespace: shop.Namespace, FieldSelector: fields.OneTermEqualSelector("status.outcome", string(commercev1.OutcomeCompleted)),
	}
	if err := t.plant.client.List(ctx, list, completed); err != nil {
		return err
	}
	for i := range list.Items {
		t.see(list.Items[i].Name)
	}
	completed.Raw = &metav1.ListOptions{ResourceVersion: list.ResourceVersion}
	stream, err := t.plant.client.Watch(ctx, list, completed)
	if err != nil {
		return err
	}
	defer stream.Stop()
	watching()
	for event := range stream.ResultChan() {
		object, ok := event.Object.(client.Object)
		if !ok {
			break // the watch is too old, or has failed
		}
		t.see(object.GetName())
	}
	return ctx.Err()
}

func (t *tracker) create(ctx context.Context, begin time.Time) error {
	order := newOrder(int(t.plant.orders.Add(1)))
	t.mu.Lock()
	t.begun[order.Name] = begin
	t.mu.Unlock()
	return t.plant.client.Create(ctx, order)
}

// see notes that the order has ended, the first time.
func (t *tracker) see(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	begin, ok := t.begun[name]
	if !ok {
		return
	}
	delete(t.begun, name)
	t.result.Operations++
	t.result.Latency.Record(time.Since(begin))
	if len(t.begun) == 0 {
		select {
		case t.ended <- struct{}{}:
		default:
		}
	}
}

// wait waits until no order is open.
func (t *tracker) wait(ctx context.Context) error {
	after := time.After(patience)
	for t.open() > 0 {
		select {
		case <-t.ended:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-after:
			return fmt.Errorf("%d orders have not completed after %s", t.open(), patience)
		}
	}
	return nil
}

func (t *tracker) open() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.begun)
}

// newOrder is the order of package shop as its user writes it.
func newOrder(number int) *commercev1.Order {
	_, content := shop.Order(0, false) // few products: their statuses are written at most once a second
	order := &commercev1.Order{
		ObjectMeta: metav1.ObjectMeta{Namespace: shop.Namespace, Name: fmt.Sprintf("bench-%09d", number)},
		Spec: commercev1.OrderSpec{
			Customer: commercev1.Customer{ID: content.Customer.ID, Email: content.Customer.Email},
			Currency: content.Total.Currency,
			Payment:  commercev1.OrderPayment{Token: "sim_approve"},
			Shipping: commercev1.OrderShipping{Address: commercev1.Address{
				Name: content.Address.Name, Lines: content.Address.Lines, City: content.Address.City,
				PostalCode: content.Address.PostalCode, Country: content.Address.Country,
			}},
		},
	}
	for _, line := range content.Lines {
		order.Spec.Items = append(order.Spec.Items, commercev1.OrderItem{
			ProductName: line.Product, Quantity: int32(line.Quantity), UnitPrice: line.UnitPrice.String(), //nolint:gosec // small
		})
	}
	return order
}

// group runs functions until one fails.
type group struct {
	ctx    context.Context //nolint:containedctx // of the group
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup
}

func newGroup(ctx context.Context) *group {
	g := &group{}
	g.ctx, g.cancel = context.WithCancelCause(ctx)
	return g
}

func (g *group) do(f func() error) {
	g.wg.Go(func() {
		if err := f(); err != nil {
			g.cancel(err)
		}
	})
}

func (g *group) wait() error {
	g.wg.Wait()
	err := context.Cause(g.ctx)
	g.cancel(nil)
	return err
}
