// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tortureoperator runs real managers under load, on a real control plane and with a real provider, and breaks
// everything below them again and again: managers are killed and stopped, etcd, the API server, PostgreSQL and the
// provider crash, and the disk is full. Afterwards every order must have ended, and all rules of package verify must
// hold for the events, the provider's ledger and the statuses. How long and how hard are flags:
//
//	go test ./test/torture-operator -count=1 -v -args -duration=2m -kills=100 -seed=1 -only=PostgreSQL
package tortureoperator
