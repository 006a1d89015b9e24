// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

// Hold waits until this process has the lease, which is the standby, and runs the work while it is renewed. The work's
// context ends when ctx does, and with ErrLost as its cause when the lease is lost. After the work has returned the
// lease is released, so that a standby takes over at once; after a crash it does when the lease has expired.
//
// Hold returns the work's error, ErrLost if the lease was lost, or ctx's error if that ended before the work began.
// While it waits, errors of the store are taken for "held by somebody". Call it again to stand by again.
func Hold(
	ctx context.Context, store eventcore.Store, options Options, work func(ctx context.Context, held *Lease) error,
) error {
	l, err := open(store, options)
	if err != nil {
		return err
	}
	if err := l.acquire(ctx); err != nil {
		return fmt.Errorf("lease %s: wait for it: %w", l.options.Name, err)
	}
	working, stop := context.WithCancelCause(ctx)
	renewed := make(chan error, 1)
	go func() {
		err := l.keep(working)
		stop(err)
		renewed <- err
	}()
	err = work(working, l)
	stop(nil)
	if lost := <-renewed; lost != nil {
		return errors.Join(lost, err)
	}
	// A lease that can't be released expires.
	releasing, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.options.Duration)
	defer cancel()
	_ = l.release(releasing)
	return err
}

// acquire looks for the lease several times within its duration.
func (l *Lease) acquire(ctx context.Context) error {
	ticker := time.NewTicker(l.options.Duration / 5)
	defer ticker.Stop()
	var last error
	for {
		acquired, err := l.tryAcquire(ctx)
		if acquired {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			last = err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), last)
		}
	}
}

// keep renews the lease until ctx ends, and returns nil then, or ErrLost.
func (l *Lease) keep(ctx context.Context) error {
	ticker := time.NewTicker(l.options.Duration / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		renewing, cancel := context.WithTimeout(ctx, l.options.Duration/3)
		err := l.renew(renewing)
		cancel()
		switch {
		case err == nil, ctx.Err() != nil:
		case errors.Is(err, eventcore.ErrCheckpointMoved), l.expired():
			return errors.Join(l.lost(), err)
		}
	}
}
