// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/history"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// session is the time from a store's opening to its closing, and all that works on it meanwhile.
type session struct {
	*process

	world    *world
	identity eventcore.Identity
	mgr      ctrl.Manager
	feed     *feed.Feed
	services *runner.Services
	// archive serves the history API, nil if this process does not.
	archive *history.Server
	metrics *collectors
	// unwatch has scrapes look at the session no more.
	unwatch func()
	// end ends the session because of the error.
	end context.CancelCauseFunc
	ctx func() context.Context
	// head is a position that the store is known to have.
	head atomic.Uint64
}

// brokenError says that a session did not end as it should.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return fmt.Sprintf("run the controllers: %v", e.err) }
func (e *brokenError) Unwrap() error { return e.err }

func (p *process) newSession(ctx context.Context, w *world, history saga.History) (*session, error) {
	s := &session{
		process: p, world: w, unwatch: func() {}, identity: w.store.Identity(), metrics: &collectors{Registerer: metrics.Registry},
		feed: feed.NewReader(w.store),
	}
	if p.judges() {
		s.feed = feed.New(w.store)
	}
	ctx, s.end = context.WithCancelCause(ctx)
	s.ctx = func() context.Context { return ctx }
	var err error
	if s.mgr, err = newManager(p); err != nil {
		return nil, err
	}
	if err := s.setup(ctx, history); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// run works until ctx ends, or until the session has to.
func (s *session) run(ctx context.Context) error {
	defer s.close()
	s.health.begins(s.ready)
	s.logger.Info("Working", "services", s.options.services.String())
	err := s.mgr.Start(s.ctx())
	switch cause := context.Cause(s.ctx()); {
	case err != nil:
		return &brokenError{err}
	case ctx.Err() != nil:
		return nil
	default:
		return cause
	}
}

func (s *session) close() {
	s.end(nil)
	s.unwatch()
	if s.services != nil {
		s.services.Close()
	}
	s.metrics.unregister()
}

// ready says that the store answers and, once this replica is the one that works, that it knows the open orders. A
// replica that waits for its turn is ready: it has nothing to catch up with before.
func (s *session) ready(ctx context.Context) error {
	if _, err := s.world.store.Head(ctx); err != nil {
		return fmt.Errorf("the event store does not answer: %w", err)
	}
	if s.archive != nil {
		if err := s.archive.Ready(); err != nil {
			return err
		}
	}
	select {
	case <-s.mgr.Elected():
	default:
		if s.options.leaderElection {
			return nil
		}
	}
	if !s.feed.CaughtUp() {
		return errors.New("the open orders are still being read")
	}
	return nil
}

// follow runs the feed until ctx ends. An outage of the store interrupts it.
func (s *session) follow(ctx context.Context) error {
	pause := backoff{first: firstPause, last: lastPause}
	for ctx.Err() == nil {
		began := time.Now()
		if err := s.feed.Run(ctx); err != nil {
			s.interrupted(ctx, err, &pause, time.Since(began))
		}
	}
	return nil
}

// interrupted waits after the feed has failed. A history that went back ends the session.
func (s *session) interrupted(ctx context.Context, err error, pause *backoff, ran time.Duration) {
	if errors.Is(err, eventcore.ErrRolledBack) {
		s.end(err)
	}
	if ran > lastPause {
		pause.reset()
	}
	wait := pause.next()
	if ctx.Err() == nil {
		s.logger.Error(err, "The events can't be followed for now", "triesAgainAfter", wait.String())
	}
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
}

// watchEvery is how often is looked for what ends a session.
const watchEvery = 2 * time.Second

// Why a session ends. The next one finds out the rest.
var (
	errSuspected = errors.New("another process has found that events are missing from the store")
	errAccepted  = errors.New("the store is in a new epoch")
)

// watch ends the session when this process, or another one, finds that the history is not what it was.
func (s *session) watch(ctx context.Context) error {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := s.look(ctx); err != nil {
			s.end(err)
			return nil
		}
	}
}

// look returns why the session has to end. An outage is no reason.
func (s *session) look(ctx context.Context) error {
	view, err := eventcore.View[saga.History](ctx, s.services.Executor, saga.HistoryStream)
	switch {
	case errors.Is(err, eventcore.ErrRolledBack):
		return err
	case err != nil:
		return nil //nolint:nilerr // the store is away: it will be told by others
	case view.State.Accepted > s.identity.Epoch:
		return errAccepted
	case view.State.InDoubt(s.identity.Epoch):
		return errSuspected
	}
	return nil
}

// trust returns an error, and ends the session, if an Order's status tells of a history that the store does not have.
func (s *session) trust(ctx context.Context, id saga.OrderID, seen commercev1.History) error {
	position := uint64(seen.Position) //nolint:gosec // the API server refuses negative ones
	if seen.StoreID == "" || seen.StoreID == s.identity.StoreID.String() && seen.Epoch <= s.identity.Epoch && position <= s.head.Load() {
		return nil
	}
	remembered := eventcore.Identity{Epoch: seen.Epoch}
	if err := remembered.StoreID.UnmarshalText([]byte(seen.StoreID)); err != nil {
		return fmt.Errorf("status.history.storeID %q is no UUID: %w", seen.StoreID, err)
	}
	err := eventcore.CheckHistory(ctx, s.world.store, remembered, eventcore.Position(seen.Position)) //nolint:gosec // as above
	switch {
	case errors.Is(err, eventcore.ErrRolledBack), errors.Is(err, eventcore.ErrOtherStore):
		err = fmt.Errorf("order %s: %w", id, err)
		s.end(err)
	case err == nil && seen.Epoch == s.identity.Epoch:
		s.head.Store(max(position, s.head.Load()))
	}
	return err
}

// collectors are the metrics of a session, which the next one has again.
type collectors struct {
	prometheus.Registerer

	registered []prometheus.Collector
}

// Register implements prometheus.Registerer.
func (c *collectors) Register(collector prometheus.Collector) error {
	if err := c.Registerer.Register(collector); err != nil {
		return err
	}
	c.registered = append(c.registered, collector)
	return nil
}

// MustRegister implements prometheus.Registerer.
func (c *collectors) MustRegister(all ...prometheus.Collector) {
	for _, collector := range all {
		if err := c.Register(collector); err != nil {
			panic(err)
		}
	}
}

func (c *collectors) unregister() {
	for _, collector := range c.registered {
		c.Unregister(collector)
	}
	c.registered = nil
}
