// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operatorbench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
	"github.com/eventcore/order-operator/hack/bench/internal/shop"
)

// contender is an operator that is measured.
type contender interface {
	// start starts it, and returns when it watches.
	start(ctx context.Context, p *plant) (operator, error)
}

// operator is a running process.
type operator interface {
	pid() int
	// stored returns what it has written to its event store so far; nothing if it has none.
	stored() (usage, error)
	stop(ctx context.Context) error
}

const (
	// warmUp is how many orders an operator carries out before it is measured.
	warmUp = 10
	// settling is how long late writes are waited for: statuses are put off by up to a second.
	settling = 1500 * time.Millisecond
	// stopping is how long an operator may take to stop, and deleting how long the API server to delete its orders.
	stopping, deleting = 30 * time.Second, 5 * time.Minute
)

// measure starts the operator, has it carry out the load, stops it, and deletes the orders.
func (p *plant) measure(ctx context.Context, c contender, load load) (_ measure.Result, err error) {
	running, err := c.start(ctx, p)
	if err != nil {
		return measure.Result{}, err
	}
	defer func() { err = errors.Join(err, p.end(ctx, running)) }()
	if err := quiet(ctx, running.pid()); err != nil {
		return measure.Result{}, err
	}
	if _, err := p.carry(ctx, burst(warmUp)); err != nil {
		return measure.Result{}, fmt.Errorf("warm up: %w", err)
	}
	if err := pause(ctx, settling); err != nil {
		return measure.Result{}, err
	}
	before, err := p.all(ctx, running)
	if err != nil {
		return measure.Result{}, err
	}
	profiled := p.profile(ctx, running)
	result, err := p.carry(ctx, load)
	if err := errors.Join(err, profiled()); err != nil {
		return measure.Result{}, err
	}
	err = pause(ctx, settling)
	if err != nil {
		return measure.Result{}, err
	}
	after, err := p.all(ctx, running)
	after.since(before, &result)
	if err != nil {
		return measure.Result{}, err
	}
	size, err := p.statusSize(ctx)
	result.Use(statusBytes, size*float64(result.Operations))
	return result, err
}

// statusSize returns how many bytes of JSON the status of an order has. All have the same, but for some digits.
func (p *plant) statusSize(ctx context.Context) (float64, error) {
	orders := &commercev1.OrderList{}
	if err := p.client.List(ctx, orders, client.InNamespace(shop.Namespace), client.Limit(1)); err != nil {
		return 0, err
	}
	if len(orders.Items) == 0 {
		return 0, errors.New("the orders have gone before they were deleted")
	}
	text, err := json.Marshal(orders.Items[0].Status)
	return float64(len(text)), err
}

// all is what the operator and the control plane have used so far.
func (p *plant) all(ctx context.Context, running operator) (usage, error) {
	used, err := p.usage(ctx, running.pid())
	if err != nil {
		return nil, err
	}
	stored, err := running.stored()
	maps.Copy(used, stored)
	return used, err
}

// end stops the operator and deletes the orders: the next one must not find them.
func (p *plant) end(ctx context.Context, running operator) error {
	err := stop(ctx, running)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleting)
	defer cancel()
	return errors.Join(err, p.client.DeleteAllOf(ctx, &commercev1.Order{}, client.InNamespace(shop.Namespace)))
}

func stop(ctx context.Context, running operator) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopping)
	defer cancel()
	return running.stop(ctx)
}

// A process that works less than idleShare of the time in idleFor is quiet: what it has to do at its start is done.
const (
	idleFor   = 500 * time.Millisecond
	idleShare = 0.06
)

// quiet waits until the process has nothing to do.
func quiet(ctx context.Context, pid int) error {
	after := time.After(patience)
	for {
		before, err := readStat(pid)
		if err == nil {
			err = pause(ctx, idleFor)
		}
		if err != nil {
			return err
		}
		now, err := readStat(pid)
		if err != nil {
			return err
		}
		if float64(now.cpu-before.cpu) <= idleShare*float64(idleFor) {
			return nil
		}
		select {
		case <-after:
			return fmt.Errorf("the operator is not at rest after %s", patience)
		default:
		}
	}
}

func pause(ctx context.Context, length time.Duration) error {
	select {
	case <-time.After(length):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
