// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"context"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/inventory"
	"github.com/eventcore/order-operator/controllers/kube"
	"github.com/eventcore/order-operator/controllers/order"
	"github.com/eventcore/order-operator/controllers/payment"
	simulatedpayment "github.com/eventcore/order-operator/controllers/payment/simulated"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/shipping"
	simulatedshipping "github.com/eventcore/order-operator/controllers/shipping/simulated"
	"github.com/eventcore/order-operator/controllers/watch"
	"github.com/eventcore/order-operator/test/crashpoint"
)

// operator is a process of the operator: its controllers, set up as the manager's binary does it.
type operator struct {
	manager.Manager // what the controllers don't use of one panics
	crashpoint.Process

	world     *world
	cache     *objects
	client    client.Client
	services  *runner.Services
	feed      *feed.Feed
	runnables []manager.Runnable

	cancel  context.CancelFunc
	running sync.WaitGroup
}

// start runs a process.
func (w *world) start() *operator {
	w.t.Helper()
	o := &operator{world: w}
	o.Points = w.points
	o.cache = newCache(w.api, &o.Process)
	o.client = clientOf(w.api, o.cache, &o.Process)
	if err := o.setup(); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	o.cancel = cancel
	o.running.Go(func() { o.cache.follow(ctx) })
	for _, runnable := range o.runnables {
		o.running.Go(func() {
			if err := runnable.Start(ctx); err != nil && !o.Dead() {
				w.t.Errorf("a part of the operator ended: %v", err)
			}
		})
	}
	return o
}

// stop ends the process, dead or alive.
func (o *operator) stop() {
	o.cancel()
	o.running.Wait()
	o.services.Close()
	o.world.api.unwatch(o.cache)
}

func (o *operator) setup() error {
	w, store := o.world, crashpoint.Store{Store: o.world.store, Process: &o.Process}
	secrets := kube.Secrets{Reader: live{o}, Namespace: "order-system"}
	gateways := &payment.Gateways{
		Reader: o.client, Secrets: secrets, Clock: time.Now,
		Simulated: crashpoint.Payments(simulatedpayment.New(w.payments, simulatedpayment.Options{}), &o.Process),
	}
	carriers := &shipping.Carriers{
		Reader: o.client, Secrets: secrets, Clock: time.Now,
		Simulated: crashpoint.Shipments(simulatedshipping.New(w.shipments, simulatedshipping.Options{}), &o.Process),
	}
	o.feed = feed.New(store)
	var err error
	o.services, err = runner.NewServices(w.t.Context(), store, runner.ServicesOptions{
		Gateways: gateways, Carriers: carriers, Tokens: payment.Tokens{Reader: live{o}}, CallTimeout: time.Second,
		GatewaySettings: payment.Settings(o.client), CarrierSettings: shipping.Settings(o.client),
		Report: func(id saga.OrderID, _ error) { o.feed.Later(id, time.Second) },
	})
	if err != nil {
		return err
	}
	checker, err := watch.New(watch.Options{
		Store: store, Metrics: prometheus.NewRegistry(), Wake: o.feed.Wake, Clock: time.Now,
	})
	if err != nil {
		return err
	}
	usage := kube.Usage{Open: o.feed.CurrentOpenOrders, Order: o.services.Order.Order}
	identity := store.Identity()
	orders := &order.Reconciler{
		Client: o.client, Live: live{o}, Recorder: recorder{o}, Engine: o.services.Order,
		Open: o.feed.OpenOrders, CaughtUp: o.feed.CaughtUp, Identity: identity, Clock: time.Now, Violation: checker.Order,
	}
	products := &inventory.ProductReconciler{
		Client: o.client, Engine: o.services.Inventory, Identity: identity, Clock: time.Now, Violation: checker.Product,
	}
	gateway := &payment.GatewayReconciler{
		Client: o.client, Arrived: o.feed.Arrived, Gateways: gateways, Usage: usage, Clock: time.Now,
	}
	carrier := &shipping.CarrierReconciler{
		Client: o.client, Arrived: o.feed.Arrived, Carriers: carriers, Usage: usage, Clock: time.Now,
	}
	for _, add := range []func() error{
		func() error { return orders.SetupWithManager(o, o.feed) },
		func() error { return products.SetupWithManager(o, o.feed) },
		func() error { return gateway.SetupWithManager(o, o.feed, o.services.Payment) },
		func() error { return carrier.SetupWithManager(o, o.feed, o.services.Shipping) },
		func() error { return o.Add(manager.RunnableFunc(o.feed.Run)) },
		func() error { return o.Add(manager.RunnableFunc(checker.Run)) },
	} {
		if err := add(); err != nil {
			return err
		}
	}
	return nil
}

// Add implements manager.Manager.
func (o *operator) Add(runnable manager.Runnable) error {
	o.runnables = append(o.runnables, runnable)
	return nil
}

// GetClient implements manager.Manager.
func (o *operator) GetClient() client.Client { return o.client }

// GetCache implements manager.Manager.
func (o *operator) GetCache() cache.Cache { return o.cache }

// GetScheme implements manager.Manager.
func (o *operator) GetScheme() *runtime.Scheme { return scheme }

// GetLogger implements manager.Manager.
func (o *operator) GetLogger() logr.Logger { return logr.Discard() }

// GetControllerOptions implements manager.Manager.
func (o *operator) GetControllerOptions() config.Controller {
	return config.Controller{SkipNameValidation: new(true), RecoverPanic: new(false)}
}

// recorder reports Kubernetes Events, which are writes too.
type recorder struct{ *operator }

// Eventf implements recorder.EventRecorder.
func (r recorder) Eventf(regarding, _ runtime.Object, kind, reason, _, _ string, _ ...any) {
	_ = crashpoint.Do(&r.Process, "event "+kind+" "+reason+" of "+kindOf(regarding), func() error { return nil })
}

// AnnotatedEventf implements recorder.EventRecorder.
func (r recorder) AnnotatedEventf(
	regarding, related runtime.Object, _ map[string]string, kind, reason, action, note string, arguments ...any,
) {
	r.Eventf(regarding, related, kind, reason, action, note, arguments...)
}

// live reads from the API server. Its definitions and namespaces are as old as the world.
type live struct{ *operator }

// Get implements client.Reader.
func (l live) Get(ctx context.Context, name client.ObjectKey, object client.Object, options ...client.GetOption) error {
	if l.Dead() {
		return crashpoint.ErrDead
	}
	if metadata, ok := object.(*metav1.PartialObjectMetadata); ok {
		metadata.Name, metadata.CreationTimestamp = name.Name, metav1.NewTime(l.world.begin)
		return nil
	}
	return l.world.api.Get(ctx, name, object, options...)
}

// List implements client.Reader.
func (l live) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	return l.world.api.List(ctx, list, options...)
}
