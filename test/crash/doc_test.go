// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crash_test puts the operator's own controllers through the crash matrix: they run over an API server in memory,
// in a bubble of time, and die before and after each of their writes to it, each append, each request to a provider and
// each checkpoint. The next process has the store, the providers' ledgers and the API server's objects.
package crash_test
