// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package feed turns the store's events into orders and products to look at: those that an event touched, those that
// wait for something which has arrived, and at the start and every ten minutes all orders that are open. It writes the
// projection of open orders, and knows nothing of Kubernetes.
package feed
