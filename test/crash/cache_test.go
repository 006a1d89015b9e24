// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"context"
	"reflect"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/eventcore/order-operator/test/crashpoint"
)

// lag is how long a cache takes to see what the API server has.
const lag = 5 * time.Millisecond

// change is what a watch tells of; after is nil for an object that is gone.
type change struct{ before, after client.Object }

// objects is the cache of a process. What the operator does not use of a cache panics.
type objects struct {
	cache.Cache

	process *crashpoint.Process
	changes chan change

	mu       sync.Mutex
	known    map[string]client.Object
	handlers map[reflect.Type][]toolscache.ResourceEventHandler
}

// newCache returns a cache that knows all that the server has.
func newCache(s *server, process *crashpoint.Process) *objects {
	c := &objects{
		process: process, changes: make(chan change, 10_000), handlers: map[reflect.Type][]toolscache.ResourceEventHandler{},
	}
	s.watch(c)
	return c
}

// follow applies what changes until ctx ends.
func (c *objects) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case change := <-c.changes:
			time.Sleep(lag)
			for _, tell := range c.apply(change) {
				tell()
			}
		}
	}
}

func (c *objects) apply(change change) (tell []func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	object := change.after
	if object == nil {
		object = change.before
		delete(c.known, keyOf(object))
	} else {
		c.known[keyOf(object)] = object
	}
	for _, handler := range c.handlers[reflect.TypeOf(object)] {
		switch {
		case change.after == nil:
			tell = append(tell, func() { handler.OnDelete(object) })
		case change.before == nil:
			tell = append(tell, func() { handler.OnAdd(object, false) })
		default:
			tell = append(tell, func() { handler.OnUpdate(change.before, object) })
		}
	}
	return tell
}

// Get implements client.Reader. A dead process reads nothing more.
func (c *objects) Get(_ context.Context, name client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	if c.process.Dead() {
		return crashpoint.ErrDead
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.known[key(object, name)]
	if known == nil {
		return apierrors.NewNotFound(schema.GroupResource{Resource: reflect.TypeOf(object).Elem().Name()}, name.Name)
	}
	reflect.ValueOf(object).Elem().Set(reflect.ValueOf(known.DeepCopyObject()).Elem())
	return nil
}

// GetInformer implements cache.Cache.
func (c *objects) GetInformer(_ context.Context, object client.Object, _ ...cache.InformerGetOption) (cache.Informer, error) {
	return informer{cache: c, kind: reflect.TypeOf(object)}, nil
}

// WaitForCacheSync implements cache.Cache.
func (c *objects) WaitForCacheSync(context.Context) bool { return true }

// informer tells of the objects of a kind.
type informer struct {
	cache.Informer

	cache *objects
	kind  reflect.Type
}

// AddEventHandlerWithOptions implements cache.Informer.
func (i informer) AddEventHandlerWithOptions(
	handler toolscache.ResourceEventHandler, _ toolscache.HandlerOptions,
) (toolscache.ResourceEventHandlerRegistration, error) {
	i.cache.mu.Lock()
	defer i.cache.mu.Unlock()
	for _, object := range i.cache.known {
		if reflect.TypeOf(object) == i.kind {
			handler.OnAdd(object, true)
		}
	}
	i.cache.handlers[i.kind] = append(i.cache.handlers[i.kind], handler)
	return synced{}, nil
}

// synced is the registration of a handler that was told of all there is.
type synced struct {
	toolscache.ResourceEventHandlerRegistration
}

// HasSynced implements toolscache.ResourceEventHandlerRegistration.
func (synced) HasSynced() bool { return true }
