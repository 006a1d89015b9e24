// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"context"
	"fmt"
	"iter"

	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// reader reads what readers ask for. It may be used concurrently.
type reader struct {
	store    eventcore.Store
	registry *eventcore.Registry
}

// head returns the history up to which whatever is read afterwards is complete.
func (r *reader) head(ctx context.Context) (historyv1.History, error) {
	position, err := r.store.Head(ctx)
	if err != nil {
		return historyv1.History{}, fmt.Errorf("read the store's head: %w", err)
	}
	return r.upTo(position), nil
}

func (r *reader) upTo(position eventcore.Position) historyv1.History {
	identity := r.store.Identity()
	return historyv1.History{StoreID: identity.StoreID.String(), Epoch: identity.Epoch, Position: uint64(position)}
}

// events yields the events of the query, decoded if the registry knows them.
func (r *reader) events(ctx context.Context, query eventcore.Query) iter.Seq2[*eventcore.Event, error] {
	return func(yield func(*eventcore.Event, error) bool) {
		for event, err := range r.store.Read(ctx, query) {
			if err != nil {
				yield(nil, fmt.Errorf("read the event store: %w", err))
				return
			}
			_ = r.registry.Decode(&event) // readers want to see also what this program does not understand
			if !yield(&event, nil) {
				return
			}
		}
	}
}

func ofOrder(id saga.OrderID) eventcore.Filter {
	return eventcore.Filter{Streams: []eventcore.StreamID{id.Stream()}}
}

// after is the position before the one to begin with.
func after(from uint64) eventcore.Position { return eventcore.Position(max(from, 1) - 1) }

// timeline returns at most limit events of the order from the position on.
func (r *reader) timeline(ctx context.Context, id saga.OrderID, from uint64, limit int) (*historyv1.Timeline, error) {
	head, err := r.head(ctx)
	if err != nil {
		return nil, err
	}
	timeline := &historyv1.Timeline{History: head, Namespace: id.Namespace, Name: id.Name, Events: []historyv1.Event{}}
	query := eventcore.Query{After: after(from), Filter: ofOrder(id), Limit: limit + 1}
	for event, err := range r.events(ctx, query) {
		if err != nil {
			return nil, err
		}
		if len(timeline.Events) == limit {
			timeline.Next = uint64(event.Position)
			break
		}
		row, err := render(event)
		if err != nil {
			return nil, err
		}
		timeline.Events = append(timeline.Events, row)
	}
	if len(timeline.Events) == 0 {
		if _, err := r.begin(ctx, id); err != nil {
			return nil, err
		}
	}
	return timeline, nil
}

// begin returns the position of the order's first event, errUnknownOrder if there is none.
func (r *reader) begin(ctx context.Context, id saga.OrderID) (eventcore.Position, error) {
	for event, err := range r.events(ctx, eventcore.Query{Filter: ofOrder(id), Limit: 1}) {
		if err != nil {
			return 0, err
		}
		return event.Position, nil
	}
	return 0, unknownOrder(id)
}

// at returns the order as it was at the position.
func (r *reader) at(ctx context.Context, id saga.OrderID, position eventcore.Position) (*historyv1.State, error) {
	head, err := r.store.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the store's head: %w", err)
	}
	if position > head {
		return nil, badRequest("at=%d has not happened yet: the last event of the store is %d", position, head)
	}
	found, err := r.fold(ctx, id, position)
	if err != nil || found != nil {
		return found, err
	}
	first, err := r.begin(ctx, id)
	if err != nil {
		return nil, err
	}
	return nil, notFound("order %s did not exist at position %d: it begins with event %d", id, position, first)
}

// fold returns nil if there were no events.
func (r *reader) fold(ctx context.Context, id saga.OrderID, position eventcore.Position) (*historyv1.State, error) {
	snapshot, last := eventcore.Snapshot[saga.Order]{}, (*eventcore.Event)(nil)
	for event, err := range r.events(ctx, eventcore.Query{Filter: ofOrder(id)}) {
		if err != nil {
			return nil, err
		}
		if event.Position > position {
			break
		}
		if err := r.registry.Decode(event); err != nil {
			return nil, fmt.Errorf("fold order %s: %w", id, err)
		}
		snapshot.State = snapshot.State.Apply(id.Stream(), event)
		snapshot.Version, _ = event.VersionIn(id.Stream())
		last = event
	}
	if last == nil {
		return nil, nil //nolint:nilnil // documented
	}
	return new(state(snapshot, last, r.store.Identity())), nil
}

// orders returns at most limit of the orders that were created from the position on, in the namespace or, if it is empty,
// in all. One with several attempts is listed where its last one began.
func (r *reader) orders(ctx context.Context, namespace string, from uint64, limit int) (*historyv1.OrderList, error) {
	head, err := r.head(ctx)
	if err != nil {
		return nil, err
	}
	query := eventcore.Query{After: after(from), Filter: created(namespace), Limit: limit + 1}
	list := &historyv1.OrderList{History: head, Orders: []historyv1.State{}}
	seen := 0
	for event, err := range r.events(ctx, query) {
		if err != nil {
			return nil, err
		}
		if seen == limit {
			list.Next = uint64(event.Position)
			break
		}
		seen++
		found, err := r.current(ctx, event)
		if err != nil {
			return nil, err
		}
		if found != nil {
			list.Orders = append(list.Orders, *found)
		}
	}
	return list, nil
}

// current returns the order that the event has created, nil if another attempt was begun since.
func (r *reader) current(ctx context.Context, event *eventcore.Event) (*historyv1.State, error) {
	id, isOrder := saga.OrderOf(event)
	created, decoded := event.Payload.(saga.OrderCreated)
	if !isOrder || !decoded {
		return nil, nil //nolint:nilnil // documented
	}
	found, err := r.fold(ctx, id, latest)
	if err != nil || found == nil || int(found.Status.Attempt) != created.Attempt {
		return nil, err
	}
	return found, nil
}

func created(namespace string) eventcore.Filter {
	return eventcore.Filter{Prefixes: []string{orderPrefix(namespace)}, Types: []string{"OrderCreated"}}
}

// orderPrefix is what the streams of the orders in the namespace begin with, or of all orders if it is empty.
func orderPrefix(namespace string) string {
	return prefixOf(saga.OrderID{Namespace: namespace}.Stream(), namespace)
}

func productPrefix(namespace string) string {
	return prefixOf(saga.ProductID{Namespace: namespace}.Stream(), namespace)
}

// prefixOf takes the slash off the name of no namespace.
func prefixOf(stream eventcore.StreamID, namespace string) string {
	if namespace == "" {
		return string(stream[:len(stream)-1])
	}
	return string(stream)
}
