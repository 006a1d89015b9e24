// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/saga"
)

// The keys of log lines about an order.
const (
	// LogOrder is followed by the order's namespace and name.
	LogOrder = "Order"
	// LogCorrelation is followed by what all events, provider calls and log lines of one attempt of an order share.
	LogCorrelation = "correlationID"
)

// OrderOptions returns Options of a controller of orders: all that its reconciles log names the order.
func OrderOptions(mgr ctrl.Manager, name string, f *feed.Feed, workers int) controller.Options {
	options := Options(workers)
	logger := mgr.GetLogger().WithValues("controller", name)
	options.LogConstructor = func(request *reconcile.Request) logr.Logger {
		if request == nil {
			return logger
		}
		id := saga.OrderID{Namespace: request.Namespace, Name: request.Name}
		return logger.WithValues(LogOrder, id.String(), LogCorrelation, f.Correlation(id))
	}
	return options
}
