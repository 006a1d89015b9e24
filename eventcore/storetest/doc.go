// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package storetest is the contract that every eventcore.Store passes, for authors of stores, and a store that fails on
// purpose, for everybody. Run holds what any store must do, RunReopen what a durable one must do besides, RunHandles what
// it must do when several processes use it, histories checked for linearizability included:
//
//	func TestTheStoreKeepsTheContract(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) eventcore.Store { return mystore.New() })
//	}
//
// The suite also holds a store to positions and versions without gaps, which the stores of this module promise.
//
// Faults wraps any store and makes it fail: conflicts that are none, errors, replies that get lost, statements that land
// late, crashes around the commit, reads that end midway. Each Faults is one process; several on one store are several:
//
//	faults := storetest.NewFaults(store, storetest.FaultOptions{First: []storetest.Fault{storetest.CrashAfter}})
//	executor, err := eventcore.NewExecutor(ctx, faults, registry, eventcore.ExecutorOptions{})
package storetest
