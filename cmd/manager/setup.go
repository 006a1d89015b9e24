// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	commercev1 "github.com/eventcore/order-operator/api/v1"
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
)

// leaseName is that of the Lease of the replicas.
const leaseName = "order-operator.commerce.eventcore.dev"

// eventSource is the name under which Kubernetes Events are reported.
const eventSource = "order-operator"

// retryAfter is when an order is looked at again after an error in the background.
const retryAfter = 5 * time.Second

func newManager(config *rest.Config, options options) (ctrl.Manager, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{commercev1.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("register the API: %w", err)
		}
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Metrics:                       server.Options{BindAddress: options.metricsAddress},
		HealthProbeBindAddress:        options.probeAddress,
		PprofBindAddress:              options.pprofAddress,
		LeaderElection:                options.leaderElection,
		LeaderElectionID:              leaseName,
		LeaderElectionNamespace:       options.leaderElectionNamespace,
		LeaderElectionReleaseOnCancel: true, // the process ends right after
		Cache: cache.Options{
			DefaultTransform:            cache.TransformStripManagedFields(),
			ReaderFailOnMissingInformer: true,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("create the manager: %w", err)
	}
	return mgr, nil
}

// setup adds the services, their controllers and the probes to the manager.
func setup(ctx context.Context, mgr ctrl.Manager, w *world, options options) (*runner.Services, error) {
	f := feed.New(w.store)
	logger := logr.FromContextOrDiscard(ctx)
	checker, err := newChecker(mgr, w, f)
	if err != nil {
		return nil, err
	}
	secrets := kube.Secrets{Reader: mgr.GetAPIReader(), Namespace: ownNamespace(options.namespace)}
	gateways := &payment.Gateways{
		Reader: mgr.GetClient(), Secrets: secrets, Clock: time.Now,
		Simulated: simulatedpayment.New(w.payments, simulatedpayment.Options{}),
	}
	carriers := &shipping.Carriers{
		Reader: mgr.GetClient(), Secrets: secrets, Clock: time.Now,
		Simulated: simulatedshipping.New(w.shipments, simulatedshipping.Options{}),
	}
	services, err := runner.NewServices(ctx, w.store, runner.ServicesOptions{
		Gateways:    gateways,
		Carriers:    carriers,
		Tokens:      payment.Tokens{Reader: mgr.GetAPIReader()},
		CallTimeout: options.callTimeout,

		GatewaySettings: payment.Settings(mgr.GetClient()),
		CarrierSettings: shipping.Settings(mgr.GetClient()),
		Report: func(id saga.OrderID, err error) {
			logger.Error(err, "A call to a provider could not be carried out", "Order", id.String())
			f.Later(id, retryAfter)
		},
	})
	if err != nil {
		return nil, err
	}
	o := operator{
		mgr: mgr, world: w, services: services, feed: f, options: options, gateways: gateways, carriers: carriers,
		checker: checker,
	}
	if err := o.addControllers(); err != nil {
		services.Close()
		return nil, err
	}
	return services, nil
}

// operator is what the controllers share.
type operator struct {
	mgr      ctrl.Manager
	world    *world
	services *runner.Services
	feed     *feed.Feed
	options  options
	gateways *payment.Gateways
	carriers *shipping.Carriers
	checker  *watch.Watcher
}

func (o *operator) addControllers() error {
	mgr, f := o.mgr, o.feed
	for _, add := range []func() error{
		func() error { return o.orders().SetupWithManager(mgr, f) },
		func() error { return o.products().SetupWithManager(mgr, f) },
		o.addProviders,
		func() error { return mgr.Add(manager.RunnableFunc(f.Run)) },
		func() error { return mgr.Add(manager.RunnableFunc(o.checker.Run)) },
		func() error { return addHistory(mgr, o.world, o.options.history) },
		func() error { return mgr.AddHealthzCheck("ping", healthz.Ping) },
		func() error { return mgr.AddReadyzCheck("orders", ready(mgr, o.world, f, o.options.leaderElection)) },
	} {
		if err := add(); err != nil {
			return fmt.Errorf("set up the controllers: %w", err)
		}
	}
	return nil
}

func (o *operator) orders() *order.Reconciler {
	return &order.Reconciler{
		Client: o.mgr.GetClient(), Live: o.mgr.GetAPIReader(), Recorder: o.mgr.GetEventRecorder(eventSource),
		Open: o.feed.OpenOrders, CaughtUp: o.feed.CaughtUp,
		Engine: o.services.Order, Identity: o.world.store.Identity(), Clock: time.Now, Violation: o.checker.Order,
	}
}

func (o *operator) products() *inventory.ProductReconciler {
	return &inventory.ProductReconciler{
		Client: o.mgr.GetClient(), Engine: o.services.Inventory, Identity: o.world.store.Identity(), Clock: time.Now,
		Violation: o.checker.Product,
	}
}

func (o *operator) addProviders() error {
	usage := kube.Usage{Open: o.feed.OpenOrders, CaughtUp: o.feed.CaughtUp, Order: o.services.Order.Order}
	gateways := &payment.GatewayReconciler{
		Client: o.mgr.GetClient(), Arrived: o.feed.Arrived, Gateways: o.gateways, Usage: usage, Clock: time.Now,
	}
	carriers := &shipping.CarrierReconciler{
		Client: o.mgr.GetClient(), Arrived: o.feed.Arrived, Carriers: o.carriers, Usage: usage, Clock: time.Now,
	}
	return errors.Join(
		gateways.SetupWithManager(o.mgr, o.feed, o.services.Payment),
		carriers.SetupWithManager(o.mgr, o.feed, o.services.Shipping),
	)
}

// ready says that the store answers and, once this replica is the one that works, that it knows the open orders. A
// replica that waits for its turn is ready: it has nothing to catch up with before.
func ready(mgr ctrl.Manager, w *world, f *feed.Feed, leaderElection bool) healthz.Checker {
	return func(request *http.Request) error {
		if _, err := w.store.Head(request.Context()); err != nil {
			return fmt.Errorf("the event store does not answer: %w", err)
		}
		select {
		case <-mgr.Elected():
		default:
			if leaderElection {
				return nil
			}
		}
		if !f.CaughtUp() {
			return errors.New("the open orders are still being read")
		}
		return nil
	}
}
