// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"
)

// ProjectorOptions configure a Projector. The zero value saves after every batch.
type ProjectorOptions struct {
	// SaveEvery puts off saving, so that documents which come and go in between cost nothing. 0 saves after every
	// batch.
	SaveEvery time.Duration
	// Observe is called after each batch has been applied, before the next one is read.
	Observe func(Batch)
}

// lazyCheckpoint is how far a checkpoint may stay behind while no document changes: replaying so many events takes
// less than a second.
const lazyCheckpoint = 10_000

// openAttempts is how often a read model is read that changes meanwhile. A writer that goes on is told by an error.
const openAttempts = 3

// Projector keeps a read model up to date. It reads its own changes at once, other processes see them when they are
// saved. After an error its documents may hold half of an event: it saves nothing more, and a new Projector goes on
// from what was saved.
type Projector struct {
	store      Store
	registry   *Registry
	projection Projection
	options    ProjectorOptions
	model      ReadModel

	// saving lets one save run at a time, without mu: what reads the documents does not wait for the database.
	saving sync.Mutex
	saved  Position // guarded by saving

	mu        sync.Mutex
	documents Documents
	position  Position
	broken    error // an event was applied by half, or not at all: documents and position do not belong together
}

// NewProjector opens the projection's read model and loads its documents.
func NewProjector(
	ctx context.Context, store Store, registry *Registry, projection Projection, options ProjectorOptions,
) (*Projector, error) {
	model, err := store.ReadModel(projection.Name)
	if err != nil {
		return nil, fmt.Errorf("projection %s: %w", projection.Name, err)
	}
	p := &Projector{store: store, registry: registry, projection: projection, options: options, model: model}
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
	p.documents = newDocuments()
	for document, err := range p.model.All(ctx) {
		if err != nil {
			return fmt.Errorf("read the documents: %w", err)
		}
		p.documents.current[document.Key] = document.Value
		p.documents.inStore[document.Key] = struct{}{}
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

// CatchUp applies all events up to the store's head of now, saves and returns.
func (p *Projector) CatchUp(ctx context.Context) error {
	query := Query{After: p.Position(), Filter: p.projection.Filter}
	head, err := p.store.Head(ctx)
	if err != nil {
		return fmt.Errorf("projection %s: read the head: %w", p.projection.Name, err)
	}
	for event, err := range p.store.Read(ctx, query) {
		if err != nil {
			return fmt.Errorf("projection %s: read events: %w", p.projection.Name, err)
		}
		if err := p.apply(Batch{Events: []Event{event}, Through: event.Position}); err != nil {
			return err
		}
	}
	if err := p.apply(Batch{Through: head}); err != nil {
		return err
	}
	return p.Save(ctx)
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
	for batch, err := range p.store.Subscribe(ctx, p.Position(), p.projection.Filter) {
		if err != nil {
			return fmt.Errorf("projection %s: follow events: %w", p.projection.Name, err)
		}
		if err := p.apply(batch); err != nil {
			return err
		}
		if p.options.SaveEvery == 0 {
			if err := p.Save(context.WithoutCancel(ctx)); err != nil {
				return err
			}
		}
		if p.options.Observe != nil {
			p.options.Observe(batch)
		}
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

func (p *Projector) apply(batch Batch) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range batch.Events {
		event := batch.Events[i] // shared with other readers: decoded in a copy
		if p.broken != nil || event.Position <= p.position {
			continue
		}
		p.broken = p.applyEvent(&event)
		if p.broken == nil {
			p.position = event.Position
		}
	}
	if p.broken == nil {
		p.position = max(p.position, batch.Through)
	}
	return p.broken
}

func (p *Projector) applyEvent(event *Event) error {
	if err := p.registry.Decode(event); err != nil {
		return fmt.Errorf("projection %s: %w", p.projection.Name, err)
	}
	if err := p.projection.Apply(&p.documents, event); err != nil {
		return fmt.Errorf("projection %s: apply event %d (%s): %w", p.projection.Name, event.Position, event.Type, err)
	}
	return nil
}

// Save writes the changed documents and the checkpoint. Where no document has changed it writes nothing until the
// checkpoint is far behind. After an event that could not be applied it returns that error and writes nothing.
func (p *Projector) Save(ctx context.Context) error {
	return p.save(ctx, false)
}

// save writes the checkpoint also where no document has changed, if that is wanted.
func (p *Projector) save(ctx context.Context, checkpoint bool) error {
	p.saving.Lock()
	defer p.saving.Unlock()
	position, changes, err := p.takeChanges()
	if err != nil {
		return err
	}
	behind := position - p.saved
	if len(changes) == 0 && (behind == 0 || behind < lazyCheckpoint && !checkpoint) {
		return nil
	}
	err = p.model.Update(ctx, p.saved, position, changes)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.documents.notSaved(changes)
		return fmt.Errorf("projection %s: save at position %d: %w", p.projection.Name, position, err)
	}
	p.documents.saved(changes)
	p.saved = position
	return nil
}

func (p *Projector) takeChanges() (Position, []Change, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return 0, nil, p.broken
	}
	return p.position, p.documents.takeChanges(), nil
}

// Position is the position up to which events have been applied.
func (p *Projector) Position() Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.position
}

// Documents yields the documents as of Position, saved or not, in the order of their keys. They are a copy of the
// moment of the call; nobody may change their bytes.
func (p *Projector) Documents() iter.Seq2[string, []byte] {
	p.mu.Lock()
	current := maps.Clone(p.documents.current)
	p.mu.Unlock()
	return func(yield func(string, []byte) bool) {
		for _, key := range slices.Sorted(maps.Keys(current)) {
			if !yield(key, current[key]) {
				return
			}
		}
	}
}
