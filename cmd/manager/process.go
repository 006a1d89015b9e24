// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/custody"
	"github.com/eventcore/order-operator/controllers/telemetry"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/open"
)

// What fails is tried again after firstPause, and then after twice as long, up to lastPause.
const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// process works on the store in sessions: one lasts until the store can't be trusted any more.
type process struct {
	config  *rest.Config
	options options
	logger  logr.Logger
	scheme  *runtime.Scheme
	// live reads from the API server.
	live   client.Client
	health *health
	// telemetry watches all sessions.
	telemetry *telemetry.Telemetry
	// suspicion is what the last session has found out about the history, nil for nothing.
	suspicion error
}

func newProcess(config *rest.Config, options options, logger logr.Logger) (*process, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{commercev1.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("register the API: %w", err)
		}
	}
	live, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	p := &process{config: config, options: options, logger: logger, scheme: scheme, live: live, health: newHealth()}
	if p.telemetry, err = newTelemetry(logger, options); err != nil {
		return nil, err
	}
	return p, nil
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: sessions take turns by themselves.
func (p *process) NeedLeaderElection() bool { return false }

// Start implements manager.Runnable. It returns nil when ctx has ended, or the error that nothing but a new process helps
// against.
func (p *process) Start(ctx context.Context) error {
	defer p.closeTelemetry()
	p.logger.Info("Starting", "version", version, "services", p.options.services.String())
	pause := backoff{first: firstPause, last: lastPause}
	for {
		began := time.Now()
		err := p.session(ctx)
		if ctx.Err() != nil {
			return err
		}
		if fatal(err) {
			return err
		}
		if time.Since(began) > lastPause {
			pause.reset()
		}
		wait := pause.next()
		p.tell(err, wait)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// fatal reports whether the error is one of the command line, or one after which something of the session may still be at work.
func fatal(err error) bool {
	var broken *brokenError
	return errors.Is(err, open.ErrDSN) || errors.Is(err, errLedgers) || errors.As(err, &broken)
}

// tell says why nothing is done, once.
func (p *process) tell(err error, wait time.Duration) {
	if !p.health.ends(err) {
		return
	}
	if why, ok := errors.AsType[*custody.HeldError](err); ok {
		p.logger.Error(nil, "Nothing is done: "+why.Why, "reason", why.Reason, "remedy", why.Remedy)
		return
	}
	p.logger.Error(err, "Nothing is done for now", "triesAgainAfter", wait.String())
}

// session opens the store, makes sure that it may be trusted, and works on it until ctx ends, or until it may be trusted no more.
func (p *process) session(ctx context.Context) (err error) {
	world, err := openWorld(ctx, p.options, p.create)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, world.close()) }()
	history, err := p.take(ctx, world.store)
	if err != nil {
		return err
	}
	p.suspicion = nil
	s, err := p.newSession(ctx, world, history)
	if err != nil {
		return err
	}
	err = s.run(ctx)
	if errors.Is(err, eventcore.ErrRolledBack) {
		p.suspicion = err
	}
	return err
}

// backoff is how long to wait after failures.
type backoff struct{ first, last, current time.Duration }

func (b *backoff) reset() { b.current = 0 }

func (b *backoff) next() time.Duration {
	b.current = min(max(b.first, 2*b.current), b.last)
	return b.current
}
