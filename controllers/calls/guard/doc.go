// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package guard decides whether a provider may be called now: it keeps orders from wearing out a provider that is
// down, from asking for more than it can take, and from waiting behind the calls of another one.
//
// Each provider has a circuit breaker and room of its own for each Class of calls, so that what moves orders forward
// stops neither look-ups nor what gives money back. Orders that may not call now stand in a queue, and each is woken
// when its turn has come: with the permit already in its hand, so that nobody overtakes it, and never more of them than
// may call. Nothing of this is stored: after a restart every open order asks again.
package guard
