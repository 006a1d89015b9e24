// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// parkedPrefix begins the keys of parked events in the read model: what is parked is saved with the checkpoint.
const parkedPrefix = reservedPrefix + "parked/"

// parkedEvent is what is kept of an event that the projection went past.
type parkedEvent struct {
	Position      Position `json:"position"`
	Type          string   `json:"type"`
	SchemaVersion int      `json:"schemaVersion"`
	// Error is that of the last attempt, and Attempts counts all.
	Error    string `json:"error"`
	Attempts int    `json:"attempts"`
}

func parkedKey(position Position) string { return fmt.Sprintf("%s%020d", parkedPrefix, position) }

// park keeps the event.
func (p *Projector) park(event *Event, attempts int, cause error) {
	data, err := json.Marshal(parkedEvent{
		Position: event.Position, Type: event.Type, SchemaVersion: event.SchemaVersion,
		Error: cause.Error(), Attempts: attempts,
	})
	if err != nil {
		panic(fmt.Sprintf("eventcore: strings and numbers have no JSON: %v", err))
	}
	p.parked.put(parkedKey(event.Position), data)
	p.parked.begin()
}

// Parked returns the positions of parked events, each with the error of its last attempt.
func (p *Projector) Parked() (map[Position]string, error) {
	all, err := p.allParked()
	errors := make(map[Position]string, len(all))
	for _, parked := range all {
		errors[parked.Position] = parked.Error
	}
	return errors, err
}

func (p *Projector) allParked() ([]parkedEvent, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]parkedEvent, 0, len(p.parked.byKey))
	for _, key := range slices.Sorted(maps.Keys(p.parked.values())) {
		var parked parkedEvent
		if _, err := p.parked.Get(key, &parked); err != nil {
			return nil, fmt.Errorf("projection %s: %w", p.projection.Name, err)
		}
		all = append(all, parked)
	}
	return all, nil
}

// RetryParked applies each parked event once more, in order, to the documents of now, and saves. Those that fail again
// stay parked. Only the projector that is running may do so.
func (p *Projector) RetryParked(ctx context.Context) error {
	all, err := p.allParked()
	if err != nil {
		return err
	}
	for _, parked := range all {
		event, err := p.read(ctx, parked.Position)
		if err == nil {
			err = p.retry(&event, parked.Attempts+1)
		}
		if err != nil {
			return err
		}
	}
	return p.Save(ctx)
}

func (p *Projector) read(ctx context.Context, position Position) (Event, error) {
	for event, err := range p.store.Read(ctx, Query{After: position - 1, Limit: 1}) {
		if err != nil {
			return Event{}, fmt.Errorf("projection %s: read parked event %d: %w", p.projection.Name, position, err)
		}
		if event.Position == position {
			return event, nil
		}
	}
	return Event{}, fmt.Errorf("projection %s: parked event %d is not in the store", p.projection.Name, position)
}

func (p *Projector) retry(event *Event, attempt int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return p.broken
	}
	if failed := p.applyEvent(event, attempt); failed != nil {
		p.park(event, attempt, failed.err)
		return nil
	}
	p.parked.Delete(parkedKey(event.Position))
	p.parked.begin()
	return nil
}
