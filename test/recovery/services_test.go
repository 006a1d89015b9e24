// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package recovery_test

import (
	"slices"
	"testing"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/test/harness"
)

// TestTheServicesRunApart runs a process of each service on one store, with the rights of that service alone. One is stopped while the
// others go on, and the orders end when it is back.
func TestTheServicesRunApart(t *testing.T) {
	for name, dsn := range map[string]func(t *testing.T) string{
		"SQLite":     func(*testing.T) string { return "" },
		"PostgreSQL": func(t *testing.T) string { t.Helper(); return server.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, dsn(t))
			processes := map[string]*harness.Manager{}
			services := []string{"shipping", "payment", "inventory", "order"} // the one that the others wait for comes last
			for _, service := range services {
				s.must(s.cluster.WriteServiceKubeconfig(s.ctx, s.kubeconfig(service), service, service == "payment" || service == "shipping"))
				processes[service] = s.startAs(service, "--services="+service)
			}
			s.must(processes["payment"].WaitHeld(s.ctx, "the service order"))
			for _, service := range services {
				s.must(processes[service].WaitReady(s.ctx))
			}
			s.order("together", "together-declined", "together-refused")
			s.ended("together", "together-declined", "together-refused")

			s.stop(processes["payment"])
			s.order("apart", "apart-declined")
			s.reserved("apart", "apart-declined")
			processes["payment"] = s.startAs("payment", "--services=payment")
			s.ended("apart", "apart-declined")
			s.chargedOnce(s.settled())
			for _, service := range services {
				s.stop(processes[service])
			}
		})
	}
}

// TestTheStoreIsAway starts a manager whose store is not there, takes it away again, and lets an order end meanwhile and afterwards.
func TestTheStoreIsAway(t *testing.T) {
	s := newStage(t, server.Database(t))
	server.Crash()
	t.Cleanup(func() { _ = server.Restart() })
	manager := s.start()
	s.must(manager.WaitHeld(s.ctx, "--store"))
	s.order("first")
	s.must(server.Restart())
	s.must(manager.WaitReady(s.ctx))
	s.ended("first")
	server.Crash()
	s.must(manager.WaitHeld(s.ctx, "does not answer"))
	if !manager.Alive(s.ctx) {
		t.Error("the manager does not live without its store")
	}
	s.order("second")
	s.must(server.Restart())
	s.must(manager.WaitReady(s.ctx))
	s.ended("second")
	s.chargedOnce(s.settled())
	s.stop(manager)
}

// reserved waits until the stock of the orders is reserved, which takes the order service and inventory.
func (s *stage) reserved(names ...string) {
	s.t.Helper()
	witness, err := s.world.WitnessOf(s.ctx, s.store)
	s.must(err)
	defer func() { s.must(witness.Close()) }()
	for batch, err := range witness.Store.Subscribe(s.ctx, 0, filter("StockReserved")) {
		s.must(err)
		for i := range batch.Events {
			names = slices.DeleteFunc(names, func(name string) bool { return ofOrder(&batch.Events[i], name) })
		}
		if len(names) == 0 {
			return
		}
	}
}

func filter(eventType string) eventcore.Filter { return eventcore.Filter{Types: []string{eventType}} }

func ofOrder(event *eventcore.Event, name string) bool {
	id, ok := saga.OrderOf(event)
	return ok && id == saga.OrderID{Namespace: shop, Name: name}
}
