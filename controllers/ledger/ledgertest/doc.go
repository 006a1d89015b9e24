// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ledgertest tests that simulated providers keep the contract that the operator's promise rests on, and
// helps with tests that use a ledger.
package ledgertest
