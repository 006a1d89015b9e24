// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

// ErrLost says that the lease has expired before it could be renewed, or that another process holds it.
var ErrLost = errors.New("the lease is lost")

// Options configure a lease. Name and Holder are required.
type Options struct {
	// Name is the lease's, with the rules of a StreamID and at most 240 characters: that of the projection.
	Name string
	// Holder names this process. No two that live at the same time may have the same.
	Holder string
	// Duration is how long a lease lasts without being renewed; 15 s if 0. It is renewed after a third of it.
	Duration time.Duration
	// Clock tells the time; time.Now if nil. The processes' clocks should differ by much less than Duration.
	Clock func() time.Time
}

// Lease is held by this process. Its methods may be called concurrently.
type Lease struct {
	model   eventcore.ReadModel
	options Options

	mu      sync.Mutex
	term    eventcore.Position // the checkpoint that this process has written
	expires time.Time
}

// record is what the database holds of a lease.
type record struct {
	Holder  string    `json:"holder"`
	Expires time.Time `json:"expires"`
}

const key = "lease"

// open returns the lease, which nobody holds yet.
func open(store eventcore.Store, options Options) (*Lease, error) {
	if options.Holder == "" {
		return nil, fmt.Errorf("lease %s: it needs a holder", options.Name)
	}
	if options.Duration <= 0 {
		options.Duration = 15 * time.Second
	}
	if options.Clock == nil {
		options.Clock = time.Now
	}
	model, err := store.ReadModel("$lease/" + options.Name)
	if err != nil {
		return nil, fmt.Errorf("lease %s: %w", options.Name, err)
	}
	return &Lease{model: model, options: options}, nil
}

// Check returns nil if this process still holds the lease, and ErrLost if not. It asks the database: it is made for
// ProjectorOptions.BeforeSave.
func (l *Lease) Check(ctx context.Context) error {
	term, err := l.model.Checkpoint(ctx)
	if err != nil {
		return fmt.Errorf("lease %s: %w", l.options.Name, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if term < l.term {
		return nil // it was read before a renewal that has happened meanwhile
	}
	if term != l.term || !l.options.Clock().Before(l.expires) {
		return l.lost()
	}
	return nil
}

func (l *Lease) lost() error {
	return fmt.Errorf("lease %s of %s: %w", l.options.Name, l.options.Holder, ErrLost)
}

// tryAcquire takes the lease if nobody holds it. It returns false while somebody does.
func (l *Lease) tryAcquire(ctx context.Context) (bool, error) {
	term, err := l.model.Checkpoint(ctx)
	if err != nil {
		return false, err
	}
	data, found, err := l.model.Get(ctx, key)
	if err != nil {
		return false, err
	}
	var held record
	if found {
		if err := json.Unmarshal(data, &held); err != nil {
			return false, fmt.Errorf("decode the lease: %w", err)
		}
	}
	now := l.options.Clock()
	if now.Before(held.Expires) && held.Holder != l.options.Holder {
		return false, nil
	}
	err = l.write(ctx, term, now.Add(l.options.Duration))
	if errors.Is(err, eventcore.ErrCheckpointMoved) {
		return false, nil // another process was faster, or the holder is alive after all
	}
	return err == nil, err
}

// renew holds the lease for another Duration.
func (l *Lease) renew(ctx context.Context) error {
	l.mu.Lock()
	term := l.term
	l.mu.Unlock()
	return l.write(ctx, term, l.options.Clock().Add(l.options.Duration))
}

// release lets another process have the lease at once.
func (l *Lease) release(ctx context.Context) error {
	l.mu.Lock()
	term := l.term
	l.mu.Unlock()
	return l.write(ctx, term, time.Time{})
}

// write moves the lease from one term to the next. Only one process can do that.
func (l *Lease) write(ctx context.Context, term eventcore.Position, expires time.Time) error {
	data, err := json.Marshal(record{Holder: l.options.Holder, Expires: expires.UTC()})
	if err != nil {
		return err
	}
	if err := l.model.Update(ctx, term, term+1, []eventcore.Change{{Key: key, Value: data}}); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.term, l.expires = term+1, expires
	return nil
}

func (l *Lease) expired() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.options.Clock().Before(l.expires)
}
