// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// ProjectorOptions configure a Projector.
type ProjectorOptions struct {
	// SaveEvery puts off saving, so that documents which come and go meanwhile cost nothing; 0: after every batch.
	SaveEvery time.Duration
	// Observe is called after each batch has been applied, before the next one is read.
	Observe func(Batch)
	// Failed is called after each failed attempt to apply an event, and told whether there is another.
	Failed func(event *Event, attempt int, again bool, err error)
	// Backoff is how long to wait after so many attempts; half to all of 100 ms doubled each time up to 5 s if nil.
	Backoff func(attempts int) time.Duration
	// BeforeSave is called before the read model is written; its error is the save's: see package lease.
	BeforeSave func(ctx context.Context) error
	// Clock tells the time for Lag; time.Now if nil.
	Clock func() time.Time
	// ReadOnly saves nothing: another process writes the read model, and this one goes on from what that saved last.
	ReadOnly bool
}

func (o ProjectorOptions) withDefaults() ProjectorOptions {
	if o.Observe == nil {
		o.Observe = func(Batch) {}
	}
	if o.Failed == nil {
		o.Failed = func(*Event, int, bool, error) {}
	}
	if o.BeforeSave == nil {
		o.BeforeSave = func(context.Context) error { return nil }
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Backoff == nil {
		o.Backoff = func(attempts int) time.Duration {
			return backoff(attempts, rand.Float64()) //nolint:gosec // it spreads retries, and is no secret.
		}
	}
	return o
}

// lazyCheckpoint is how far a checkpoint may stay behind: replaying so many events takes less than a second.
const lazyCheckpoint = 10_000

// openAttempts is how often a read model is read that changes meanwhile. A writer that goes on is told by an error.
const openAttempts = 3

// Projector keeps a read model up to date. It reads its own changes at once, other processes see them when they are
// saved. After an error a new Projector goes on from what was saved. All methods may be called concurrently, but only
// one of CatchUp and Run. Where another projector has written to the read model, saving fails with ErrCheckpointMoved.
type Projector struct {
	store      Store
	registry   *Registry
	projection Projection
	filter     Filter
	options    ProjectorOptions
	model      ReadModel

	// saving lets one save run at a time, without mu: what reads the documents does not wait for the database.
	saving sync.Mutex
	saved  Position // guarded by saving

	mu        sync.Mutex
	documents Documents
	parked    Documents // by parkedKey
	position  Position
	broken    error         // an event could not be applied, and nothing comes after it
	moved     chan struct{} // closed when position or broken change; nil if nobody waits
}

// NewProjector opens the projection's read model and loads its documents.
func NewProjector(
	ctx context.Context, store Store, registry *Registry, projection Projection, options ProjectorOptions,
) (*Projector, error) {
	model, err := store.ReadModel(projection.Name)
	if err != nil {
		return nil, fmt.Errorf("projection %s: %w", projection.Name, err)
	}
	p := &Projector{
		store: store, registry: registry, projection: projection, filter: registry.WithOldNames(projection.Filter),
		options: options.withDefaults(), model: model,
	}
	for range openAttempts {
		if err = p.open(ctx); !errors.Is(err, ErrCheckpointMoved) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("projection %s: %w", projection.Name, err)
	}
	return p, nil
}

// open reads documents and checkpoint, which must belong together: another projector may be saving for the last time.
func (p *Projector) open(ctx context.Context) error {
	before, err := p.model.Checkpoint(ctx)
	if err != nil {
		return fmt.Errorf("read the checkpoint: %w", err)
	}
	p.documents, p.parked = newDocuments(), newDocuments()
	for document, err := range p.model.All(ctx) {
		if err != nil {
			return fmt.Errorf("read the documents: %w", err)
		}
		switch {
		case strings.HasPrefix(document.Key, parkedPrefix):
			p.parked.load(document)
		case !strings.HasPrefix(document.Key, reservedPrefix):
			p.documents.load(document)
		}
	}
	after, err := p.model.Checkpoint(ctx)
	if err != nil {
		return fmt.Errorf("read the checkpoint: %w", err)
	}
	if before != after {
		return ErrCheckpointMoved
	}
	p.saved, p.position = after, after
	return nil
}

// Run follows the store until ctx ends, saves what is left together with the checkpoint, and returns nil then. Any
// other end is an error, also the first save that fails.
func (p *Projector) Run(ctx context.Context) error {
	following, stop := context.WithCancel(ctx)
	defer stop()
	saver := make(chan error, 1)
	go func() {
		err := p.saveInBackground(following)
		if err != nil {
			stop()
		}
		saver <- err
	}()
	err := p.follow(following)
	stop()
	if saveErr := <-saver; saveErr != nil {
		return saveErr
	}
	if ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
		return err
	}
	return p.save(context.WithoutCancel(ctx), true)
}

// follow applies what the store delivers. It never returns nil.
func (p *Projector) follow(ctx context.Context) error {
	for batch, err := range p.store.Subscribe(ctx, p.Position(), p.filter) {
		if err != nil {
			return fmt.Errorf("projection %s: follow events: %w", p.projection.Name, err)
		}
		if err := p.apply(ctx, batch); err != nil {
			return err
		}
		if p.options.SaveEvery == 0 {
			if err := p.Save(context.WithoutCancel(ctx)); err != nil {
				return err
			}
		}
		p.options.Observe(batch)
	}
	return fmt.Errorf("projection %s: the store has ended the subscription", p.projection.Name)
}

// saveInBackground saves at intervals until ctx ends. It lets no save be interrupted: whether an interrupted one has
// moved the checkpoint would not be known.
func (p *Projector) saveInBackground(ctx context.Context) error {
	if p.options.SaveEvery == 0 {
		return nil
	}
	ticker := time.NewTicker(p.options.SaveEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := p.Save(context.WithoutCancel(ctx)); err != nil {
				return err
			}
		}
	}
}
