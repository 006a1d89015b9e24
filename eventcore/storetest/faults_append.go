// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"fmt"

	"github.com/eventcore/order-operator/eventcore"
)

// Append implements eventcore.Store.
func (f *Faults) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	if err := f.alive(); err != nil {
		return eventcore.Appended{}, err
	}
	f.landSome(ctx)
	if err := f.delay(ctx); err != nil {
		return eventcore.Appended{}, err
	}
	fault := f.draw()
	if err := f.refuse(fault, request); err != nil {
		return eventcore.Appended{}, err
	}
	appended, err := f.store.Append(ctx, request)
	// The outcome is settled: that the context has ended meanwhile changes nothing.
	_ = f.delay(ctx)
	if fault == CrashAfter {
		f.Crash()
	}
	if f.alive() != nil {
		return eventcore.Appended{}, crashedAmid()
	}
	if fault == LostReply {
		return eventcore.Appended{}, f.options.LostReply
	}
	return appended, err
}

// refuse returns the error of a fault that comes before the append, or takes its place.
func (f *Faults) refuse(fault Fault, request eventcore.AppendRequest) error {
	switch fault {
	case SpuriousConflict:
		return &eventcore.ConflictError{}
	case Failure:
		return fmt.Errorf("append: %w", ErrInjected)
	case LateAppend:
		f.mu.Lock()
		defer f.mu.Unlock()
		f.late = append(f.late, request)
		return f.options.LostReply
	case CrashBefore:
		f.Crash()
		return crashedAmid()
	default:
		return nil
	}
}

// crashedAmid is the error of an append during which the process has died.
func crashedAmid() error {
	return fmt.Errorf("%w: %w", ErrCrashed, eventcore.ErrOutcomeUnknown)
}

// draw decides the fault of an append.
func (f *Faults) draw() Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	fault := f.drawLocked()
	f.injected[fault]++
	return fault
}

func (f *Faults) drawLocked() Fault {
	if len(f.first) > 0 {
		next := f.first[0]
		f.first = f.first[1:]
		return next
	}
	if len(f.options.Chances) == 0 {
		return NoFault
	}
	left := f.random.Float64()
	for fault := range Fault(faultKinds) { // in a fixed order, or the seed would be none
		left -= f.options.Chances[fault]
		if left < 0 {
			return fault
		}
	}
	return NoFault
}

// Resolve implements eventcore.Resolver, if the store does.
func (f *Faults) Resolve(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, bool, error) {
	resolver, ok := f.store.(eventcore.Resolver)
	if !ok || f.options.NoResolver {
		return eventcore.Appended{}, false, ErrNoResolver
	}
	if err := f.look(ctx, "resolve"); err != nil {
		return eventcore.Appended{}, false, err
	}
	return resolver.Resolve(ctx, request)
}

// Land lets the appends that were kept back reach the store, in their order, and returns how many it accepted: those
// whose guards do not hold any more, or that a fence came before, change nothing. A crash does not stop them, as they
// are under way already.
func (f *Faults) Land(ctx context.Context) int {
	landed := 0
	for {
		request, ok := f.takeLate()
		if !ok {
			return landed
		}
		if _, err := f.store.Append(ctx, request); err == nil {
			landed++
		}
	}
}

// Late returns how many appends are kept back.
func (f *Faults) Late() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.late)
}

func (f *Faults) takeLate() (eventcore.AppendRequest, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.late) == 0 {
		return eventcore.AppendRequest{}, false
	}
	request := f.late[0]
	f.late = f.late[1:]
	return request, true
}

// landSome lets the oldest append that is kept back land, if the options want it.
func (f *Faults) landSome(ctx context.Context) {
	if f.Late() == 0 || !f.happens(func(o *FaultOptions) float64 { return o.Landing }) {
		return
	}
	if request, ok := f.takeLate(); ok {
		// What becomes of it nobody hears.
		_, _ = f.store.Append(ctx, request)
	}
}
