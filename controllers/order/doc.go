// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package order is the order service's room in Kubernetes. Its controller accepts Orders, steps the engine, and projects
// the order's events into the status of the Order, whose only writer it is.
//
// A status is a pure function of the fold (Project). It is written when the order has ended, or needs a person, or answers a new generation;
// otherwise only while the order takes longer than a second, and then at most once a second: an order that is fast costs one
// write.
//
// An open order whose Order is surely gone is suspended at once, and cancelled after a grace. It goes on if the Order is
// created again. When suspiciously many are missing, nothing is cancelled, and metrics say so.
package order
