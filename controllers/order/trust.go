// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// trust stops at an order of whose history its status has shown more than the store knows: nothing may rest on such a store.
func (r *Reconciler) trust(ctx context.Context, s *scope) error {
	if s.object == nil || r.Behind == nil {
		return nil
	}
	seen := s.object.Status.History
	if behind(s.id, seen, r.Identity, s.order.Position) == nil {
		return nil
	}
	latest, err := r.Engine.Latest(ctx, s.id) // another process may have recorded, and shown, more than this one has heard of
	if err != nil {
		return err
	}
	if err := behind(s.id, seen, r.Identity, latest.Position); err != nil {
		r.Behind(err)
		return reconcile.TerminalError(err)
	}
	s.order = latest
	return nil
}

// behind returns an eventcore.ErrRolledBack or eventcore.ErrOtherStore if the status has seen a history that the store is not
// at.
func behind(id saga.OrderID, seen commercev1.History, now eventcore.Identity, position eventcore.Position) error {
	switch {
	case seen.StoreID == "":
		return nil
	case seen.StoreID != now.StoreID.String():
		return fmt.Errorf("%w: order %s was carried out by store %s, and this one is %s", eventcore.ErrOtherStore, id, seen.StoreID, now.StoreID)
	case seen.Epoch > now.Epoch, seen.Epoch == now.Epoch && eventcore.Position(seen.Position) > position: //nolint:gosec // not negative
		return fmt.Errorf("%w: order %s has shown event %d of epoch %d, and the store ends for it with event %d of epoch %d",
			eventcore.ErrRolledBack, id, seen.Position, seen.Epoch, position, now.Epoch)
	}
	return nil
}

// doubt has what a lost part of the history may have held looked up, before the Order's user is obeyed.
func (r *Reconciler) doubt(ctx context.Context, s *scope) error {
	if !s.order.Created() {
		return nil
	}
	if doubted, err := r.Engine.Doubt(ctx, s.id); err != nil || !doubted {
		return err
	}
	return r.refold(ctx, s)
}
