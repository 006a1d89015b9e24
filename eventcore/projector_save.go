// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Save writes the changed documents and the checkpoint; where no document has changed, only if that is far behind. After
// an event that could not be applied it returns that error and writes nothing.
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
	err = p.write(ctx, position, changes)
	p.settle(changes, err)
	if err != nil {
		return fmt.Errorf("projection %s: save at position %d: %w", p.projection.Name, position, err)
	}
	p.saved = position
	return nil
}

// write moves the checkpoint, with the changes. One that only reads leaves that to another process.
func (p *Projector) write(ctx context.Context, position Position, changes []Change) error {
	if p.options.ReadOnly {
		return nil
	}
	if err := p.options.BeforeSave(ctx); err != nil {
		return err
	}
	return p.model.Update(ctx, p.saved, position, changes)
}

func (p *Projector) takeChanges() (Position, []Change, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return 0, nil, p.broken
	}
	return p.position, append(p.documents.takeChanges(), p.parked.takeChanges()...), nil
}

// settle records what has become of the changes.
func (p *Projector) settle(changes []Change, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	parked := slices.IndexFunc(changes, func(c Change) bool { return strings.HasPrefix(c.Key, parkedPrefix) })
	if parked < 0 {
		parked = len(changes)
	}
	if err != nil {
		p.documents.notSaved(changes[:parked])
		p.parked.notSaved(changes[parked:])
		return
	}
	p.documents.saved(changes[:parked])
	p.parked.saved(changes[parked:])
}

// Position is the position up to which events have been applied.
func (p *Projector) Position() Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.position
}

// Get decodes the document as of Position into value, saved or not, and reports whether there is one.
func (p *Projector) Get(key string, value any) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.documents.Get(key, value)
}

// Documents yields the documents as of Position, saved or not, in the order of their keys. They are a copy of the
// moment of the call; nobody may change their bytes.
func (p *Projector) Documents() iter.Seq2[string, []byte] {
	p.mu.Lock()
	current := p.documents.values()
	p.mu.Unlock()
	return func(yield func(string, []byte) bool) {
		for _, key := range slices.Sorted(maps.Keys(current)) {
			if !yield(key, current[key]) {
				return
			}
		}
	}
}
