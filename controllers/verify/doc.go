// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package verify holds what the event store, the providers' ledgers and the objects' statuses say against the rules of
// the saga, and tells of each violation which order or product, which events and which rule it is, in a sentence for
// the shopkeeper. It is pure: no Kubernetes, no I/O, no clock.
//
// It counts money and stock by itself, event by event, and does not use the folds of package saga: a mistake there does
// not hide itself. The rules of Always hold at every moment of a log; those of AtRest when everything has ended that
// was under way.
//
// There are three ways to use it:
//
//   - Check judges a whole log and all Evidence at once, at rest: after a test, or by hand.
//   - A Checker is fed event by event, and asked at any time: Compare for what always holds, Rest for everything.
//   - A Monitor is a projection that runs all the time. Its read model holds the accounts of open orders and of products,
//     and what was found: its size depends on neither the length nor the age of the log.
//
// To run a Monitor:
//
//	monitor := verify.NewMonitor(verify.MonitorOptions{
//		StoreID:  store.Identity().StoreID.String(),
//		Violated: func(v verify.Violation) { violations.WithLabelValues(string(v.Rule)).Inc() },
//	})
//	projector, err := eventcore.NewProjector(ctx, store, saga.NewRegistry(), monitor.Projection(), eventcore.ProjectorOptions{})
//	...
//	go projector.Run(ctx)
//
// Violated is told of each violation as it is found; Found lists those that are kept, after a restart too: what a
// condition on the offending object is made of. Overdue lists what is wrong because nothing happens; call it every
// minute or so.
package verify
