// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operatorbench

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// What orders take in the operator's memory, once they have ended.
const (
	heapMiB     = "MiB heap"
	residentMiB = "MiB resident"
)

const mebi = 1 << 20

// measureMemory has ours carry out so many orders, and compares its memory before and after: what is in use when the
// garbage was collected, and what the process has of the machine's.
func (p *plant) measureMemory(ctx context.Context, o *ours, orders int) (_ measure.Result, err error) {
	started, err := o.start(ctx, p)
	if err != nil {
		return measure.Result{}, err
	}
	defer func() { err = errors.Join(err, stop(ctx, started)) }() // nothing is measured after it: the orders stay
	manager := started.(*running)                                 //nolint:forcetypeassert // ours has started it
	if _, err := p.carry(ctx, burst(warmUp)); err != nil {
		return measure.Result{}, err
	}
	before, err := p.memory(ctx, manager)
	if err != nil {
		return measure.Result{}, err
	}
	result, err := p.carry(ctx, burst(orders))
	if err != nil {
		return measure.Result{}, err
	}
	after, err := p.memory(ctx, manager)
	after.since(before, &result)
	p.profiled++
	return result, errors.Join(err, p.profileHeap(ctx, manager))
}

// memory is what the manager takes when it is at rest.
func (p *plant) memory(ctx context.Context, manager *running) (usage, error) {
	if err := quiet(ctx, manager.pid()); err != nil {
		return nil, err
	}
	heap, err := manager.heap(ctx)
	if err != nil {
		return nil, err
	}
	bytes, err := resident(manager.pid())
	return usage{heapMiB: heap / mebi, residentMiB: float64(bytes) / mebi}, err
}

var errHeap = errors.New("the heap profile does not tell HeapAlloc")

// readHeap finds what is in use in a heap profile with runtime.MemStats.
func readHeap(profile io.Reader) (float64, error) {
	lines := bufio.NewScanner(profile)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if number, ok := strings.CutPrefix(lines.Text(), "# HeapAlloc = "); ok {
			return strconv.ParseFloat(number, 64)
		}
	}
	return 0, errors.Join(errHeap, lines.Err())
}
