// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// cacheReader is a process's cache.
type cacheReader struct{ process *process }

// Get implements client.Reader.
func (r cacheReader) Get(_ context.Context, name client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	k := kindOf(object)
	informer := r.process.informers[k]
	if informer == nil {
		return fmt.Errorf("simulate: nothing caches %T", object)
	}
	stored := informer.get(name)
	if stored == nil {
		return apierrors.NewNotFound(k.resource(), name.Name)
	}
	kinds[k].read(object, stored)
	return nil
}

// List implements client.Reader.
func (r cacheReader) List(context.Context, client.ObjectList, ...client.ListOption) error {
	return errors.ErrUnsupported
}

// liveReader reads from the API server.
type liveReader struct{ process *process }

var errNoConnection = errors.New("simulated: the API server does not answer")

// Get implements client.Reader. Namespaces and the CustomResourceDefinition are always there: they are asked for with a
// lock held.
func (r liveReader) Get(ctx context.Context, name client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	if metadata, ok := object.(*metav1.PartialObjectMetadata); ok {
		metadata.SetName(name.Name)
		metadata.SetCreationTimestamp(metav1.NewTime(r.process.world.began.Add(-time.Hour)))
		return r.process.gone()
	}
	k, w := kindOf(object), r.process.world
	var result struct {
		object client.Object
		err    error
	}
	err := w.ask(ctx, r.process, &request{
		label: r.process.name + " get " + string(k) + " " + name.Name, read: true,
		arrive: func() time.Duration {
			if result.err = w.apiFault(k, name.Name); result.err == nil {
				result.object, result.err = w.server.get(k, name)
			}
			return w.apiDelay()
		},
	})
	if err = errors.Join(err, result.err); err != nil {
		return err
	}
	kinds[k].read(object, result.object)
	return nil
}

// List implements client.Reader.
func (r liveReader) List(context.Context, client.ObjectList, ...client.ListOption) error {
	return errors.ErrUnsupported
}

// writer is a process's client: it reads from the cache and writes to the API server. What is not overridden is not
// used by the product.
type writer struct {
	client.Client
	cacheReader
}

// Get implements client.Client.
func (c writer) Get(ctx context.Context, name client.ObjectKey, object client.Object, options ...client.GetOption) error {
	return c.cacheReader.Get(ctx, name, object, options...)
}

// List implements client.Client.
func (c writer) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	return c.cacheReader.List(ctx, list, options...)
}

// Update implements client.Client.
func (c writer) Update(ctx context.Context, object client.Object, _ ...client.UpdateOption) error {
	return c.write(ctx, "update", object, c.process.world.server.update)
}

// Delete implements client.Client.
func (c writer) Delete(ctx context.Context, object client.Object, options ...client.DeleteOption) error {
	var collected client.DeleteOptions
	collected.ApplyOptions(options)
	k, name := kindOf(object), nameOf(object)
	return c.write(ctx, "delete", object, func(client.Object) (client.Object, error) {
		return nil, c.process.world.server.delete(k, name, collected.Preconditions)
	})
}

// Status implements client.Client.
func (c writer) Status() client.SubResourceWriter { return statusWriter{writer: c} }

type statusWriter struct {
	client.SubResourceWriter
	writer
}

// Update implements client.SubResourceWriter.
func (c statusWriter) Update(ctx context.Context, object client.Object, _ ...client.SubResourceUpdateOption) error {
	return c.write(ctx, "write status of", object, c.process.world.server.updateStatus)
}

// write sends the object. A client that times out does not know whether it was stored.
func (c writer) write(ctx context.Context, verb string, object client.Object, do func(client.Object) (client.Object, error)) error {
	k, w, sent := kindOf(object), c.process.world, copyOf(object)
	var result struct {
		object client.Object
		err    error
	}
	err := w.ask(ctx, c.process, &request{
		label: c.process.name + " " + verb + " " + string(k) + " " + object.GetName(),
		arrive: func() time.Duration {
			defer func() { w.remark(result.err) }()
			if result.err = w.apiFault(k, sent.GetName()); result.err != nil {
				return w.apiDelay()
			}
			if result.object, result.err = do(sent); result.err == nil && w.chance(w.faults.apiLostReply) {
				result.err = apierrors.NewTimeoutError("simulated: the answer was lost", 1)
				w.count("apiLostReplies")
			}
			if apierrors.IsInvalid(result.err) {
				w.count("refusedWrites")
			}
			return w.apiDelay()
		},
	})
	if err = errors.Join(err, result.err); err != nil {
		return err
	}
	if result.object != nil {
		kinds[k].read(object, result.object)
	}
	return nil
}

// apiFault returns why a request does not get through, nil if it does.
func (w *World) apiFault(k kind, name string) error {
	switch {
	case w.apiDown:
		return errNoConnection
	case w.chance(w.faults.apiConflict):
		w.count("apiConflicts")
		return apierrors.NewConflict(k.resource(), name, errors.New("simulated: somebody was faster"))
	case w.chance(w.faults.apiBusy):
		w.count("apiBusy")
		return apierrors.NewTooManyRequests("simulated: too many requests", 1)
	case w.chance(w.faults.apiFailure):
		w.count("apiFailures")
		return apierrors.NewInternalError(errors.New("simulated: etcd has no leader"))
	}
	return nil
}

func (w *World) apiDelay() time.Duration {
	if w.chance(w.faults.apiSlow) {
		return w.between(time.Millisecond, 90*time.Second)
	}
	return 0
}
