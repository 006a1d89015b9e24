// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"errors"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/log"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// valve keeps a mistake, such as a restored etcd or a script that deletes too much, from cancelling a shop's orders. While
// more than valveOrders and more than a share of 1/valveShare of the open orders are missing, nothing is cancelled.
// Namespaces that are being deleted don't count: there, it is meant. The zero value has not counted yet.
type valve struct {
	mu      sync.Mutex
	counted time.Time
	shut    bool
	// leaving are the namespaces that are being deleted, or gone.
	leaving map[string]bool
}

const (
	valveOrders = 5
	valveShare  = 10
	// countEvery is how long a count holds.
	countEvery = 5 * time.Second
	// watchEvery is how often is counted in any case, so that the alert comes and goes.
	watchEvery = time.Minute
)

// errCatchingUp puts off what would have to be counted.
var errCatchingUp = errors.New("the open orders are still being read")

// closed reports whether no absent order of the namespace may be cancelled.
func (v *valve) closed(ctx context.Context, r *Reconciler, namespace string) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if now := r.Clock(); v.counted.IsZero() || now.Sub(v.counted) >= countEvery {
		if err := v.count(ctx, r); err != nil {
			return false, err
		}
		v.counted = now
	}
	return v.shut && !v.leaving[namespace], nil
}

// watchValve counts until ctx ends.
func (r *Reconciler) watchValve(ctx context.Context) error {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if _, err := r.valve.closed(ctx, r, ""); err != nil && ctx.Err() == nil && !errors.Is(err, errCatchingUp) {
				log.FromContext(ctx).Error(err, "The missing Orders could not be counted")
			}
		}
	}
}

func (v *valve) count(ctx context.Context, r *Reconciler) error {
	if !r.CaughtUp() {
		return errCatchingUp
	}
	orders, err := r.Open()
	if err != nil {
		return err
	}
	missing, open, err := v.tally(ctx, r, orders)
	if err != nil {
		return err
	}
	shut := missing > valveOrders && missing*valveShare > open
	if shut && !v.shut {
		log.FromContext(ctx).Error(nil, "Too many Orders of open orders are missing: none of these orders is cancelled before its deadline. "+
			"If this is a mistake, apply the Orders again; else cancel the orders", "missing", missing, "open", open)
	}
	v.shut = shut
	ordersMissing.Set(float64(missing))
	absenceValve.Set(asNumber(shut))
	return nil
}

// tally counts the orders that are open, and those of them whose Orders are missing.
func (v *valve) tally(ctx context.Context, r *Reconciler, orders map[saga.OrderID]saga.OpenOrder) (missing, open int, err error) {
	v.leaving = map[string]bool{}
	for id, row := range orders {
		if row.Ended {
			continue
		}
		absent, counts, err := v.look(ctx, r, id)
		switch {
		case err != nil:
			return 0, 0, err
		case !counts:
			continue
		case absent:
			missing++
		}
		open++
	}
	return missing, open, nil
}

// look reports whether the order's Order is missing, and whether it counts.
func (v *valve) look(ctx context.Context, r *Reconciler, id saga.OrderID) (absent, counts bool, err error) {
	var object commercev1.Order
	err = r.Client.Get(ctx, types.NamespacedName(id), &object)
	if err == nil {
		return false, true, nil
	}
	if !apierrors.IsNotFound(err) {
		return false, false, err
	}
	leaving, known := v.leaving[id.Namespace]
	if !known {
		namespace, err := r.metadata(ctx, namespaceKind, id.Namespace)
		if err != nil {
			return false, false, err
		}
		leaving = namespace == nil || !namespace.DeletionTimestamp.IsZero()
		v.leaving[id.Namespace] = leaving
	}
	return true, !leaving, nil
}

func asNumber(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
