// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"fmt"
	"iter"
	"sync"
)

const (
	// pageEvents and pageBytes (of payloads) bound what is read ahead at once.
	pageEvents = 256
	pageBytes  = 1 << 20
)

// page is a part of the log, with the error that ended it.
type page struct {
	events []Event
	bytes  int
	err    error
}

func (p *page) full() bool { return len(p.events) >= pageEvents || p.bytes >= pageBytes }

// CatchUp applies and saves all events up to the store's head of now.
func (p *Projector) CatchUp(ctx context.Context) error {
	query := Query{After: p.Position(), Filter: p.filter}
	head, err := p.store.Head(ctx)
	if err != nil {
		return fmt.Errorf("projection %s: read the head: %w", p.projection.Name, err)
	}
	unsaved := 0
	for events, err := range p.readAhead(ctx, query) {
		if err != nil {
			return fmt.Errorf("projection %s: read events: %w", p.projection.Name, err)
		}
		if unsaved += len(events); unsaved > lazyCheckpoint {
			if err := p.Save(ctx); err != nil {
				return err
			}
			unsaved = len(events)
		}
		for i := range events {
			if events[i].Position > head { // committed meanwhile: Run is told of it
				return p.reachAndSave(ctx, head)
			}
			if err := p.take(ctx, &events[i]); err != nil {
				return err
			}
		}
	}
	return p.reachAndSave(ctx, head)
}

func (p *Projector) reachAndSave(ctx context.Context, head Position) error {
	if err := p.reach(head); err != nil {
		return err
	}
	return p.Save(ctx)
}

// readAhead yields the events of the query in pages. While one is applied the next is read and decoded.
func (p *Projector) readAhead(ctx context.Context, query Query) iter.Seq2[[]Event, error] {
	return func(yield func([]Event, error) bool) {
		reading, stop := context.WithCancel(ctx)
		pages := make(chan page, 1)
		var reader sync.WaitGroup
		reader.Go(func() {
			defer close(pages)
			p.readPages(reading, query, pages)
		})
		defer reader.Wait()
		defer stop()
		for page := range pages {
			if !yield(page.events, page.err) {
				return
			}
		}
		if err := ctx.Err(); err != nil { // pages may be missing
			yield(nil, err)
		}
	}
}

func (p *Projector) readPages(ctx context.Context, query Query, pages chan<- page) {
	send := func(full page) bool {
		select {
		case pages <- full:
			return true
		case <-ctx.Done():
			return false
		}
	}
	next := page{}
	for event, err := range p.store.Read(ctx, query) {
		if err != nil {
			next.err = err
			break
		}
		_ = p.registry.Decode(&event) // an error comes up again when the event is applied
		next.events = append(next.events, event)
		next.bytes += len(event.Data)
		if next.full() {
			if !send(next) {
				return
			}
			next = page{events: make([]Event, 0, pageEvents)}
		}
	}
	if send(page{events: next.events}) && next.err != nil {
		send(page{err: next.err})
	}
}
