// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crashpoint names the boundaries between a process under test and the world, and has the process die at those
// that a test asks for: nothing that a dead process does reaches the world any more, and nothing that it has asked for
// reaches it. What wraps a store, a provider or a client of the API server names the boundaries by what passes, so that a
// new kind of event, request or write is a new boundary by itself.
package crashpoint
