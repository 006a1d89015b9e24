// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"sync"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/inventory/engine"
	"github.com/eventcore/order-operator/controllers/kube"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// writeEvery is how far apart two statuses of one product are at least: a product that sells well would otherwise cost a write
// for every order.
const writeEvery = time.Second

// ProductReconciler records a Product's supply and projects its status.
type ProductReconciler struct {
	// Client reads from the cache and writes statuses.
	Client client.Client
	Engine *engine.Engine
	// Identity is that of the engine's store.
	Identity eventcore.Identity
	// Clock tells the time.
	Clock func() time.Time
	// Violation returns what the checker has found wrong with a product, empty for nothing, and whether it has looked yet.
	// nil is a checker that finds nothing.
	Violation func(id saga.ProductID) (violation string, known bool)

	// written holds the time of each product's last write.
	written sync.Map
}

// SetupWithManager adds both controllers of the service to the manager.
func (r *ProductReconciler) SetupWithManager(mgr ctrl.Manager, f *feed.Feed) error {
	if err := kube.SetupStepper(mgr, string(saga.InventoryService), f, r.Engine, r.Clock); err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("inventory-products").
		For(&commercev1.Product{}, builder.WithPredicates(kube.SpecChanged{})).
		WatchesRawSource(kube.Products(f)).
		WithOptions(kube.Options(8)).
		Complete(r)
}

// Reconcile implements reconcile.Reconciler.
func (r *ProductReconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var product commercev1.Product
	if err := r.Client.Get(ctx, request.NamespacedName, &product); err != nil {
		r.written.Delete(request.NamespacedName)
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	id := saga.ProductID{Namespace: request.Namespace, Name: request.Name}
	var behind *engine.BehindHistoryError
	if err := r.Engine.Supply(ctx, id, totals(&product)); err != nil && !errors.As(err, &behind) {
		return reconcile.Result{}, err
	}
	stock, err := r.Engine.Stock(ctx, id)
	if err != nil {
		return reconcile.Result{}, err
	}
	desired := Project(&product, stock, r.Identity, behind)
	if !r.judge(id, &product, &desired) {
		return reconcile.Result{RequeueAfter: writeEvery}, nil
	}
	return r.project(ctx, &product, desired)
}

// project writes the status if it differs from the one that is there, and puts it off if the last write is too recent. What a
// cache has not seen yet makes the write fail as a conflict.
func (r *ProductReconciler) project(ctx context.Context, product *commercev1.Product, desired commercev1.ProductStatus) (reconcile.Result, error) {
	if apiequality.Semantic.DeepEqual(&product.Status, &desired) {
		return reconcile.Result{}, nil
	}
	name := types.NamespacedName{Namespace: product.Namespace, Name: product.Name}
	now := r.Clock()
	if last, ok := r.written.Load(name); ok {
		if due := last.(time.Time).Add(writeEvery); due.After(now) {
			return kube.Requeue(due, now), nil
		}
	}
	updated := product.DeepCopy()
	updated.Status = desired
	err := r.Client.Status().Update(ctx, updated)
	if err == nil {
		r.written.Store(name, now)
	}
	return kube.IgnoreConflict(err)
}
