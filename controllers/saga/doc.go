// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package saga is what the four services share, and all that they share: the names of streams, the events, the
// table of steps, the fold of an order's and of a product's stream, the rules that say what is due, and the
// projection of open orders. It is pure: no I/O, no Kubernetes, no clock.
//
// An order's saga is a walk through a Flow. Its state is Order, the fold of the stream OrderID.Stream. A service
// asks Forward, Undo and Close what it may do with one of its steps now; it asks again inside its command, on guarded
// state, so that whatever made it look (an event, a timer, a sweep after a restart, a second process) can do no harm.
//
// A step that leaves the house is a call: its intent is recorded before (Call), its outcome afterwards: succeeded,
// refused or unknown. An unknown outcome is closed only by an answer of the provider or by a fence, which makes sure
// that the call can't happen any more.
package saga
