// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	runtimeconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	commercev1 "github.com/eventcore/order-operator/api/v1"
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

// eventSource is the name under which Kubernetes Events are reported.
const eventSource = "order-operator"

// retryAfter is when an order is looked at again after an error in the background.
const retryAfter = 5 * time.Second

// newManager returns the manager of a session's controllers. The frame serves its probes and metrics.
func newManager(p *process) (ctrl.Manager, error) {
	mgr, err := ctrl.NewManager(p.config, ctrl.Options{
		Scheme:                        p.scheme,
		Logger:                        kube.Lazy(p.logger),
		Metrics:                       server.Options{BindAddress: "0"},
		HealthProbeBindAddress:        "0",
		LeaderElection:                p.options.leaderElection,
		LeaderElectionID:              p.options.services.lease(),
		LeaderElectionNamespace:       p.options.leaderElectionNamespace,
		LeaseDuration:                 new(p.options.leaseDuration),
		RenewDeadline:                 new(p.options.leaseDuration * 2 / 3),
		RetryPeriod:                   new(p.options.leaseDuration * 2 / 15),
		LeaderElectionReleaseOnCancel: true, // nothing of the session is left then
		GracefulShutdownTimeout:       new(stopTimeout),
		Controller: runtimeconfig.Controller{
			SkipNameValidation: new(true), // the session before had the same ones
		},
		Cache: cache.Options{
			DefaultTransform:            cache.TransformStripManagedFields(),
			ByObject:                    map[client.Object]cache.ByObject{&commercev1.Order{}: {Transform: order.Compact}},
			ReaderFailOnMissingInformer: true,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("create the manager: %w", err)
	}
	return mgr, nil
}

// setup adds the services of the process and their controllers to the manager.
func (s *session) setup(ctx context.Context, history saga.History) (err error) {
	secrets := kube.Secrets{Reader: s.mgr.GetAPIReader(), Namespace: ownNamespace(s.options.namespace)}
	gateways := &payment.Gateways{Reader: s.mgr.GetClient(), Secrets: secrets, Clock: time.Now}
	if s.world.payments != nil {
		gateways.Simulated = simulatedpayment.New(s.world.payments, simulatedpayment.Options{})
	}
	carriers := &shipping.Carriers{Reader: s.mgr.GetClient(), Secrets: secrets, Clock: time.Now}
	if s.world.shipments != nil {
		carriers.Simulated = simulatedshipping.New(s.world.shipments, simulatedshipping.Options{})
	}
	tokens := payment.Tokens{Reader: s.mgr.GetAPIReader(), Trust: s.trust}
	if s.options.services.has(saga.OrderService) { // which watches them
		tokens.Cached = s.mgr.GetClient()
	}
	s.services, err = runner.NewServices(ctx, s.world.store, runner.ServicesOptions{
		Only:            s.options.services,
		Gateways:        gateways,
		Carriers:        carriers,
		Tokens:          tokens,
		CallTimeout:     s.options.callTimeout,
		DoubtedSince:    history.AcceptedAt,
		GatewaySettings: payment.Settings(s.mgr.GetClient()),
		CarrierSettings: shipping.Settings(s.mgr.GetClient()),
		Report: func(id saga.OrderID, err error) {
			s.logger.Error(err, "A call to a provider could not be carried out",
				kube.LogOrder, id.String(), kube.LogCorrelation, s.feed.Correlation(id))
			s.feed.Later(id, retryAfter)
		},
		Observer: observer(s.telemetry),
	})
	if err != nil {
		return err
	}
	for service, add := range map[saga.Service]func() error{
		saga.OrderService:     s.addOrders,
		saga.InventoryService: s.addProducts,
		saga.PaymentService:   func() error { return s.addGateways(gateways) },
		saga.ShippingService:  func() error { return s.addCarriers(carriers) },
	} {
		if !s.options.services.has(service) {
			continue
		}
		if err := add(); err != nil {
			return fmt.Errorf("set up the controllers of %s: %w", service, err)
		}
	}
	if s.judges() {
		if s.archive, err = addHistory(s.mgr, s.world, s.options.history); err != nil {
			return fmt.Errorf("set up the history API: %w", err)
		}
	}
	return errors.Join(s.addRunnables(), s.addTelemetry())
}

// addRunnables adds what follows the store.
func (s *session) addRunnables() error {
	if err := s.mgr.Add(manager.RunnableFunc(s.follow)); err != nil {
		return fmt.Errorf("set up the feed: %w", err)
	}
	if err := s.mgr.Add(everywhere(s.watch)); err != nil {
		return fmt.Errorf("set up the watch over the history: %w", err)
	}
	return nil
}

// everywhere is a runnable of all replicas, whoever works.
type everywhere func(ctx context.Context) error

// Start implements manager.Runnable.
func (e everywhere) Start(ctx context.Context) error { return e(ctx) }

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (e everywhere) NeedLeaderElection() bool { return false }

// addOrders adds the order service, which watches the Orders and has the events checked.
func (s *session) addOrders() error {
	checker, err := newChecker(s)
	if err != nil {
		return err
	}
	if err := s.mgr.Add(manager.RunnableFunc(checker.Run)); err != nil {
		return err
	}
	orders := &order.Reconciler{
		Client: s.mgr.GetClient(), Live: s.mgr.GetAPIReader(), Recorder: s.mgr.GetEventRecorder(eventSource),
		Open: s.feed.OpenOrders, CaughtUp: s.feed.CaughtUp, Behind: s.end,
		Engine: s.services.Order, Identity: s.identity, Clock: time.Now, Violation: checker.Order,
	}
	if err := orders.SetupWithManager(s.mgr, s.feed); err != nil || !s.options.services.has(saga.InventoryService) {
		return err
	}
	return s.addProductsWith(checker)
}

// addProducts adds the inventory service, unless addOrders does.
func (s *session) addProducts() error {
	if s.judges() {
		return nil
	}
	return s.addProductsWith(nil)
}

// addProductsWith adds the inventory service. Without a checker, Products don't show what one finds: the log and the metrics of the
// order service's process do.
func (s *session) addProductsWith(checker *watch.Watcher) error {
	products := &inventory.ProductReconciler{
		Client: s.mgr.GetClient(), Engine: s.services.Inventory, Identity: s.identity, Clock: time.Now,
	}
	if checker != nil {
		products.Violation = checker.Product
	}
	return products.SetupWithManager(s.mgr, s.feed)
}

func (s *session) addGateways(gateways *payment.Gateways) error {
	reconciler := &payment.GatewayReconciler{
		Client: s.mgr.GetClient(), Arrived: s.feed.Arrived, Gateways: gateways, Usage: s.usage(), Clock: time.Now,
	}
	return reconciler.SetupWithManager(s.mgr, s.feed, s.services.Payment)
}

func (s *session) addCarriers(carriers *shipping.Carriers) error {
	reconciler := &shipping.CarrierReconciler{
		Client: s.mgr.GetClient(), Arrived: s.feed.Arrived, Carriers: carriers, Usage: s.usage(), Clock: time.Now,
	}
	return reconciler.SetupWithManager(s.mgr, s.feed, s.services.Shipping)
}

func (s *session) usage() kube.Usage {
	return kube.Usage{Open: s.feed.CurrentOpenOrders, Order: s.services.Fold}
}
