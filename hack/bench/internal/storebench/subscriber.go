// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storebench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/hack/bench/internal/bank"
	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// subscriberGroup compares when a subscriber of the same process has an event with when its command is answered, both
// from the command's call: a poll anywhere on the way would show.
func subscriberGroup() compare.Group {
	group := compare.Group{Name: "subscriber"}
	for _, s := range []subscriber{
		{store: lab.SQLite, callers: 1}, {store: lab.SQLite, callers: 16},
		{store: lab.Postgres, callers: 1}, {store: lab.Postgres, callers: 16},
	} {
		name := fmt.Sprintf("%s: subscriber, writers: %d", s.store, s.callers)
		group.Workloads = append(group.Workloads, compare.Workload{Name: name, Open: s.open})
		group.Rows = append(group.Rows, compare.Row{
			Name: fmt.Sprintf("%s, writers: %d, to subscriber p99 : commit p99", s.store, s.callers),
			Ours: compare.Delivery(name, 0.99), Limit: compare.Latency(name, 0.99), Target: compare.Below(2),
		})
	}
	return group
}

// subscriber has callers execute commands while somebody is subscribed.
type subscriber struct {
	store   lab.Kind
	callers int
}

func (l subscriber) open(ctx context.Context, room *lab.Lab) (compare.Measure, error) {
	store, err := room.Store(ctx, l.store)
	if err != nil {
		return nil, err
	}
	executor, err := room.Executor(ctx, store, bank.Registry(), eventcore.ExecutorOptions{})
	if err != nil {
		return nil, err
	}
	s := subscribe(ctx, room, store)
	note := strings.Repeat("x", noteBytes)
	return func(ctx context.Context, length time.Duration) (measure.Result, error) {
		result, err := measure.Drive(ctx, l.callers, length, func(ctx context.Context, caller int) error {
			account := eventcore.StreamID(fmt.Sprintf("account-%d", caller))
			_, err := executor.Execute(ctx, bank.Deposit{Account: account, Amount: s.call(), Note: note})
			return err
		})
		if err != nil {
			return result, err
		}
		result.Delivery, err = s.take(ctx)
		return result, err
	}, nil
}

// window is how many commands can be on their way at once.
const window = 1 << 12

// subscription knows when each command was called: its number stands in its event.
type subscription struct {
	called atomic.Int64
	calls  [window]atomic.Int64 // when, in nanoseconds

	mu        sync.Mutex
	delivered int64
	latency   measure.Histogram
	progress  chan struct{} // something was delivered
	ended     chan struct{}
	err       error // why it has ended
}

// subscribe follows the store until the lab is cleared.
func subscribe(ctx context.Context, room *lab.Lab, store eventcore.Store) *subscription {
	s := &subscription{progress: make(chan struct{}, 1), ended: make(chan struct{})}
	ctx, stop := context.WithCancel(ctx)
	go func() {
		defer close(s.ended)
		s.err = s.follow(ctx, store)
	}()
	room.Defer(func() error {
		stop()
		<-s.ended
		return nil
	})
	return s
}

// call notes the time and returns the number of a command.
func (s *subscription) call() int64 {
	number := s.called.Add(1)
	s.calls[number%window].Store(time.Now().UnixNano())
	return number
}

func (s *subscription) follow(ctx context.Context, store eventcore.Store) error {
	registry := bank.Registry()
	for batch, err := range store.Subscribe(ctx, 0, eventcore.Filter{}) {
		if err != nil {
			return err
		}
		now := time.Now().UnixNano()
		for i := range batch.Events {
			event := batch.Events[i]
			if err := registry.Decode(&event); err != nil {
				return err
			}
			if err := s.deliver(event.Payload.(bank.Deposited).Amount, now); err != nil {
				return err
			}
		}
		select {
		case s.progress <- struct{}{}:
		default:
		}
	}
	return errors.New("the store has ended the subscription")
}

func (s *subscription) deliver(number, now int64) error {
	called := s.calls[number%window].Load()
	// A later command may have taken the place by now, and its time would flatter the subscriber.
	if behind := s.called.Load() - number; behind >= window {
		return fmt.Errorf("the subscriber is %d commands behind, more than are remembered", behind)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delivered++
	s.latency.Record(time.Duration(now - called))
	return nil
}

// take waits until everything is delivered that was called, and returns how long it took.
func (s *subscription) take(ctx context.Context) (measure.Histogram, error) {
	for {
		s.mu.Lock()
		if s.delivered == s.called.Load() {
			latency := s.latency
			s.latency = measure.Histogram{}
			s.mu.Unlock()
			return latency, nil
		}
		s.mu.Unlock()
		select {
		case <-s.progress:
		case <-s.ended:
			return measure.Histogram{}, fmt.Errorf("subscription: %w", s.err)
		case <-ctx.Done():
			return measure.Histogram{}, ctx.Err()
		}
	}
}
