// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/eventcore/order-operator/controllers/custody"
)

// readyTimeout is how long the store may take to say that it is there.
const readyTimeout = 2 * time.Second

// held is 1 for the reason why nothing is done.
var held = prometheus.NewGaugeVec(prometheus.GaugeOpts{
	Name: "order_operator_history_held",
	Help: "1 while nothing is done because the event store can't be trusted, else 0, by reason: see docs/backup-and-recovery.md.",
}, []string{"reason"})

func init() { metrics.Registry.MustRegister(held) }

// health is what the probes tell. Its methods may be called concurrently.
type health struct {
	mu sync.Mutex
	// problem is why there is no session, and check tells whether the one that there is, is ready.
	problem error
	check   func(ctx context.Context) error
}

func newHealth() *health {
	h := &health{}
	h.ends(errors.New("the event store is being opened"))
	return h
}

// ready returns why the process is not.
func (h *health) ready(ctx context.Context) error {
	h.mu.Lock()
	problem, check := h.problem, h.check
	h.mu.Unlock()
	if check == nil {
		return problem
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return check(ctx)
}

// begins notes that a session is at work.
func (h *health) begins(check func(ctx context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.problem, h.check = nil, check
	h.show("")
}

// ends notes that there is no session, and why. It reports whether that is news.
func (h *health) ends(problem error) (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	news = h.problem == nil || h.problem.Error() != problem.Error()
	h.problem, h.check = problem, nil
	reason := custody.Reason("")
	if why, ok := errors.AsType[*custody.HeldError](problem); ok {
		reason = why.Reason
	}
	h.show(reason)
	return news
}

func (h *health) show(reason custody.Reason) {
	for _, r := range custody.Reasons() {
		value := 0.0
		if r == reason {
			value = 1
		}
		held.WithLabelValues(string(r)).Set(value)
	}
}
