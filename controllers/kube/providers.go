// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// recheck is how long a provider that can't be used is not looked at again for an order's sake.
const recheck = 5 * time.Second

// Build makes the provider of an object. settings are what of its Secret a provider is made of; if they change, it has to
// be made anew. Its error is a *NotReady if the object or its Secret is to blame.
type Build[P any] func(ctx context.Context) (provider P, settings string, err error)

// Providers keeps the providers behind objects for as long as the objects stay as they are, and with them their
// connections. The zero value is empty. It may be used concurrently.
type Providers[P any] struct {
	// Renewed is told of the name of an object whose provider was made anew, because what it is made of has changed. It may
	// be nil, and must not be set once the others are called.
	Renewed func(name string)

	mu   sync.Mutex
	kept map[types.UID]kept[P]
}

type kept[P any] struct {
	generation int64
	settings   string
	provider   P
	// notReady says why there is no provider; checked is when.
	notReady *NotReady
	checked  time.Time
}

// Get returns the object's provider, and makes it only if it has to.
func (p *Providers[P]) Get(ctx context.Context, object metav1.Object, now time.Time, build Build[P]) (P, error) {
	p.mu.Lock()
	k, known := p.kept[object.GetUID()]
	p.mu.Unlock()
	switch {
	case !known || k.generation != object.GetGeneration():
	case k.notReady == nil:
		return k.provider, nil
	case now.Before(k.checked.Add(recheck)):
		return k.provider, k.notReady
	}
	return p.Check(ctx, object, now, build)
}

// Check looks whether the object's provider can be used now, and returns it.
func (p *Providers[P]) Check(ctx context.Context, object metav1.Object, now time.Time, build Build[P]) (P, error) {
	made := kept[P]{generation: object.GetGeneration(), checked: now}
	var err error
	made.provider, made.settings, err = build(ctx)
	if err != nil && !errors.As(err, &made.notReady) {
		return made.provider, err
	}
	provider, renewed := p.keep(object.GetUID(), made)
	if made.notReady != nil {
		return provider, made.notReady
	}
	if renewed && p.Renewed != nil {
		p.Renewed(object.GetName())
	}
	return provider, nil
}

// keep keeps what was made, unless it is what there was. It reports whether it takes the place of another one.
func (p *Providers[P]) keep(uid types.UID, made kept[P]) (provider P, renewed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil {
		p.kept = map[types.UID]kept[P]{}
	}
	before, known := p.kept[uid]
	if known && made.notReady == nil && before.notReady == nil && before.generation == made.generation && before.settings == made.settings {
		release(made.provider)
		return before.provider, false
	}
	p.kept[uid] = made
	if known {
		release(before.provider)
	}
	return made.provider, known
}

// Forget drops the provider of an object that is gone.
func (p *Providers[P]) Forget(uid types.UID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k, known := p.kept[uid]; known {
		release(k.provider)
		delete(p.kept, uid)
	}
}

// release closes the connections of a provider that nobody asks any more. Calls under way keep theirs.
func release(provider any) {
	if closer, ok := provider.(interface{ Close() }); ok {
		closer.Close()
	}
}
