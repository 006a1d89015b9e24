// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/eventcore/order-operator/controllers/saga"
)

// leaseName is that of the Lease of the replicas that run all services. Those that run some put their names before it.
const leaseName = "order-operator.commerce.eventcore.dev"

// services are those that a process runs, in the order of allServices.
type services []saga.Service

func allServices() services {
	return services{saga.OrderService, saga.InventoryService, saga.PaymentService, saga.ShippingService}
}

func (s services) has(service saga.Service) bool { return slices.Contains(s, service) }

// String implements flag.Value.
func (s *services) String() string { return s.join(",") }

// Set implements flag.Value.
func (s *services) Set(text string) error {
	var named services
	for name := range strings.SplitSeq(text, ",") {
		service := saga.Service(strings.TrimSpace(name))
		if !allServices().has(service) {
			all := allServices()
			return fmt.Errorf("there is no service %q: use any of %s", service, &all)
		}
		if named.has(service) {
			return fmt.Errorf("service %q is named twice", service)
		}
		named = append(named, service)
	}
	if len(named) == 0 {
		return errors.New("name at least one service")
	}
	*s = slices.DeleteFunc(allServices(), func(service saga.Service) bool { return !named.has(service) })
	return nil
}

// lease returns the name of the Lease by which replicas of the same services take turns.
func (s services) lease() string {
	if len(s) == len(allServices()) {
		return leaseName
	}
	return s.join("-") + "." + leaseName
}

func (s services) join(separator string) string {
	names := make([]string, 0, len(s))
	for _, service := range s {
		names = append(names, string(service))
	}
	return strings.Join(names, separator)
}
