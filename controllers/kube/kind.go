// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/eventcore/order-operator/controllers/calls/guard"
)

// Kind is a kind of cluster-scoped objects that stand for providers.
type Kind[O client.Object] struct {
	// New returns an empty object.
	New func() O
	// View returns what the operator needs of an object, whatever its kind.
	View func(object O) View
}

// View is what objects of all kinds have.
type View struct {
	Guarded

	// AllowedNamespaces are those whose orders may use the provider, empty for all.
	AllowedNamespaces []string
}

// read reads the object of the name.
func (k Kind[O]) read(ctx context.Context, reader client.Reader, name string) (O, error) {
	object := k.New()
	return object, reader.Get(ctx, types.NamespacedName{Name: name}, object)
}

// Settings returns how a provider is to be called, the defaults for one that is not there: see calls.Options. The reader is
// of the cache.
func (k Kind[O]) Settings(reader client.Reader) func(name string) guard.Settings {
	return func(name string) guard.Settings {
		object, err := k.read(context.Background(), reader, name)
		if err != nil {
			return guard.Settings{}
		}
		return k.View(object).Settings
	}
}

// Circuits returns the reconciler that shows whether the providers are called. operations name the classes of calls.
func (k Kind[O]) Circuits(c client.Client, guards *guard.Guards, operations map[guard.Class]string) *Circuits {
	return &Circuits{
		Client: c, Guards: guards, Operations: operations,
		Read: func(ctx context.Context, name string) (Guarded, error) {
			object, err := k.read(ctx, c, name)
			if err != nil {
				return Guarded{}, err
			}
			return k.View(object).Guarded, nil
		},
	}
}

// Allows reports whether orders of the namespace may begin something with the provider of the name. One that is being
// deleted begins nothing new.
func (k Kind[O]) Allows(reader client.Reader, name, namespace string) bool {
	object, err := k.read(context.Background(), reader, name)
	if err != nil || !object.GetDeletionTimestamp().IsZero() {
		return false
	}
	allowed := k.View(object).AllowedNamespaces
	return len(allowed) == 0 || slices.Contains(allowed, namespace)
}

// lookTimeout bounds the look at a Secret for an order's sake.
const lookTimeout = 5 * time.Second

// Find returns the provider behind the object of the name, and false if there is no such object or if its provider can't be
// used now.
func Find[O client.Object, P any](
	kind Kind[O], reader client.Reader, providers *Providers[P], now time.Time, name string, build func(O) Build[P],
) (provider P, found bool) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	object, err := kind.read(ctx, reader, name)
	if err != nil {
		return provider, false
	}
	provider, err = providers.Get(ctx, object, now, build(object))
	return provider, err == nil
}
