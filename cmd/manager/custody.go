// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/custody"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

const (
	// clusterNamespace is the one whose UID is the cluster's identity: it is made with the cluster, and never again.
	clusterNamespace = "kube-system"
	// ordersAtOnce is how many Orders are read by one request.
	ordersAtOnce = 500
)

// judges reports whether this process judges the store: it has the service that knows all Orders.
func (p *process) judges() bool { return p.options.services.has(saga.OrderService) }

// create returns the identity of a store that is not there: that of the lost one, if the Orders tell of one, so that payments
// are found by its keys.
func (p *process) create(ctx context.Context) (uuid.UUID, error) {
	if !p.judges() {
		return uuid.Nil, &custody.HeldError{
			Reason: custody.Unbound, Why: "There is no store yet", Remedy: "Start a manager with the service order, which creates it",
		}
	}
	lost := uuid.Nil
	for seen, err := range p.seen(ctx) {
		if err != nil {
			return uuid.Nil, err
		}
		if lost != uuid.Nil && seen.Identity.StoreID != lost {
			return uuid.Nil, &custody.HeldError{
				Reason: custody.OtherStore,
				Why:    fmt.Sprintf("The Orders of this cluster were carried out by several stores: %s, %s", lost, seen.Identity.StoreID),
				Remedy: "Name one of these stores, and remove the Orders of others",
			}
		}
		lost = seen.Identity.StoreID
	}
	return lost, nil
}

// take makes sure that the store may be trusted.
func (p *process) take(ctx context.Context, store eventcore.Store) (saga.History, error) {
	options := custody.Options{
		Store: store, Suspicion: p.suspicion, Clock: time.Now,
		AcceptRollback: p.options.acceptRollback, Adopt: p.options.adoptStore,
	}
	if p.judges() {
		cluster, err := p.cluster(ctx)
		if err != nil {
			return saga.History{}, err
		}
		options.Cluster, options.Seen = cluster, p.seen(ctx)
	}
	history, err := custody.Take(ctx, options)
	if err != nil {
		return history, err
	}
	// One start is meant, not every one after it.
	p.options.acceptRollback, p.options.adoptStore = false, false
	p.logger.Info("The store may be trusted", "store", store.Identity().StoreID.String(), "epoch", store.Identity().Epoch)
	return history, nil
}

// cluster returns the cluster's identity.
func (p *process) cluster(ctx context.Context) (string, error) {
	namespace := &metav1.PartialObjectMetadata{}
	namespace.SetGroupVersionKind(metav1.SchemeGroupVersion.WithKind("Namespace"))
	namespace.APIVersion = "v1"
	if err := p.live.Get(ctx, client.ObjectKey{Name: clusterNamespace}, namespace); err != nil {
		return "", fmt.Errorf("read the cluster's identity, the UID of namespace %s: %w", clusterNamespace, err)
	}
	return string(namespace.UID), nil
}

// seen yields what the Orders' statuses remember of the history.
func (p *process) seen(ctx context.Context) iter.Seq2[custody.Seen, error] {
	return func(yield func(custody.Seen, error) bool) {
		for next := ""; ; {
			var page commercev1.OrderList
			if err := p.live.List(ctx, &page, client.Limit(ordersAtOnce), client.Continue(next)); err != nil {
				yield(custody.Seen{}, fmt.Errorf("read what the Orders have seen of the store: %w", err))
				return
			}
			for i := range page.Items {
				seen, ok, err := seenBy(&page.Items[i])
				if (ok || err != nil) && !yield(seen, err) {
					return
				}
			}
			if next = page.Continue; next == "" {
				return
			}
		}
	}
}

// seenBy returns what the Order's status remembers, and false if it has none yet.
func seenBy(order *commercev1.Order) (custody.Seen, bool, error) {
	history := order.Status.History
	if history.StoreID == "" {
		return custody.Seen{}, false, nil
	}
	by := fmt.Sprintf("Order %s/%s", order.Namespace, order.Name)
	id, err := uuid.Parse(history.StoreID)
	if err != nil {
		return custody.Seen{}, false, fmt.Errorf("%s: status.history.storeID %q is no UUID: %w", by, history.StoreID, err)
	}
	return custody.Seen{
		By:       by,
		Identity: eventcore.Identity{StoreID: id, Epoch: history.Epoch},
		Position: eventcore.Position(history.Position), //nolint:gosec // the API server refuses negative ones
	}, true, nil
}
