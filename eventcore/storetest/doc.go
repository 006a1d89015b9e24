// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package storetest is the contract that every eventcore.Store passes, for authors of stores. Run holds what any
// store must do, RunReopen what a durable one must do besides:
//
//	func TestTheStoreKeepsTheContract(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) eventcore.Store { return mystore.New() })
//	}
//
// The suite also holds a store to positions and versions without gaps, which the stores of this module promise.
package storetest
