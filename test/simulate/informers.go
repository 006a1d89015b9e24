// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// informers is a process's cache: what it has heard of each kind, and whom it tells.
type informers struct {
	cacheReader
}

var _ cache.Cache = informers{}

// GetInformer implements cache.Informers.
func (c informers) GetInformer(_ context.Context, object client.Object, _ ...cache.InformerGetOption) (cache.Informer, error) {
	return c.process.informers[kindOf(object)], nil
}

// GetInformerForKind implements cache.Informers.
func (c informers) GetInformerForKind(context.Context, schema.GroupVersionKind, ...cache.InformerGetOption) (cache.Informer, error) {
	return nil, errors.New("simulate: informers are found by their object")
}

// RemoveInformer implements cache.Informers.
func (c informers) RemoveInformer(context.Context, client.Object) error { return nil }

// Start implements cache.Informers.
func (c informers) Start(context.Context) error { return nil }

// WaitForCacheSync implements cache.Informers.
func (c informers) WaitForCacheSync(context.Context) bool { return true }

// IndexField implements client.FieldIndexer.
func (c informers) IndexField(context.Context, client.Object, string, client.IndexerFunc) error {
	return nil
}

// informer is what a process has heard of a kind. The scheduler lets it hear more.
type informer struct {
	process *process
	kind    kind
	table   *table

	mu       sync.Mutex
	objects  map[types.NamespacedName]client.Object
	handlers []toolscache.ResourceEventHandler
	// heard counts the table's changes that were heard.
	heard int
	// broken is until when the watch is; it lists again then.
	broken time.Time
}

var _ cache.Informer = (*informer)(nil)

// newInformer lists the objects as they were some changes ago: an API server may answer from a cache of its own.
func newInformer(p *process, k kind, t *table, lag int) *informer {
	heard := max(0, len(t.changes)-lag)
	return &informer{process: p, kind: k, table: t, objects: t.snapshot(heard), heard: heard}
}

func (i *informer) get(name types.NamespacedName) client.Object {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.objects[name]
}

// AddEventHandlerWithOptions implements cache.Informer.
func (i *informer) AddEventHandlerWithOptions(
	handler toolscache.ResourceEventHandler, _ toolscache.HandlerOptions,
) (toolscache.ResourceEventHandlerRegistration, error) {
	i.mu.Lock()
	i.handlers = append(i.handlers, handler)
	objects := i.objects
	i.mu.Unlock()
	for _, name := range names(objects) {
		handler.OnAdd(objects[name], true)
	}
	return synced{}, nil
}

// AddEventHandler implements cache.Informer.
func (i *informer) AddEventHandler(handler toolscache.ResourceEventHandler) (toolscache.ResourceEventHandlerRegistration, error) {
	return i.AddEventHandlerWithOptions(handler, toolscache.HandlerOptions{})
}

// AddEventHandlerWithResyncPeriod implements cache.Informer.
func (i *informer) AddEventHandlerWithResyncPeriod(
	handler toolscache.ResourceEventHandler, _ time.Duration,
) (toolscache.ResourceEventHandlerRegistration, error) {
	return i.AddEventHandler(handler)
}

// RemoveEventHandler implements cache.Informer.
func (i *informer) RemoveEventHandler(toolscache.ResourceEventHandlerRegistration) error { return nil }

// AddIndexers implements cache.Informer.
func (i *informer) AddIndexers(toolscache.Indexers) error { return nil }

// HasSynced implements cache.Informer.
func (i *informer) HasSynced() bool { return true }

// HasSyncedChecker implements cache.Informer.
func (i *informer) HasSyncedChecker() toolscache.DoneChecker { return synced{} }

// IsStopped implements cache.Informer.
func (i *informer) IsStopped() bool { return i.process.isDead() }

// synced is a registration that has heard all.
type synced struct{}

func (synced) HasSynced() bool                            { return true }
func (s synced) HasSyncedChecker() toolscache.DoneChecker { return s }
func (synced) Name() string                               { return "simulated" }
func (synced) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

// behind reports whether there is something to hear, and somebody who listens.
func (i *informer) behind() bool {
	return len(i.handlers) > 0 && i.heard < len(i.table.changes) && !i.broken.After(time.Now())
}

// hear tells of the next changes, or lists if the watch was broken.
func (i *informer) hear(s *scheduler) {
	if !i.broken.IsZero() {
		i.broken = time.Time{}
		s.note(i.process.name + " lists " + string(i.kind))
		i.list()
		return
	}
	s.note(i.process.name + " hears of " + string(i.kind))
	for range 1 + s.random.IntN(4) {
		if i.heard == len(i.table.changes) {
			return
		}
		c := i.table.changes[i.heard]
		i.heard++
		i.apply(c.object, c.deleted)
		if !c.deleted && s.chance(i.process.world.faults.watchTwice) {
			i.process.world.count("watchedTwice")
			i.apply(c.object, false)
		}
	}
}

// list replaces what was heard by what there is. What happened between is never told, and that something was deleted only
// by its absence.
func (i *informer) list() {
	i.heard = len(i.table.changes)
	for _, name := range names(i.objects) {
		if i.table.objects[name] == nil {
			unseen := toolscache.DeletedFinalStateUnknown{Key: name.String(), Obj: i.objects[name]}
			i.forget(name)
			for _, handler := range i.handlers {
				handler.OnDelete(unseen)
			}
		}
	}
	for _, name := range names(i.table.objects) {
		i.apply(i.table.objects[name], false)
	}
}

func (i *informer) forget(name types.NamespacedName) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.objects, name)
}

func (i *informer) apply(object client.Object, deleted bool) {
	name := nameOf(object)
	before := i.get(name)
	if deleted {
		i.forget(name)
	} else {
		i.mu.Lock()
		i.objects[name] = object
		i.mu.Unlock()
	}
	for _, handler := range i.handlers {
		switch {
		case deleted && before != nil:
			handler.OnDelete(object)
		case deleted:
		case before == nil:
			handler.OnAdd(object, false)
		default:
			handler.OnUpdate(before, object)
		}
	}
}
