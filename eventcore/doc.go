// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package eventcore is multi-stream event sourcing with dynamic consistency boundaries.
//
// # Concepts
//
// An [Event] is an immutable fact. It is stored once, in a [Store], and belongs to one or more streams: a transfer of
// money is one event in the streams of both accounts, never two that could come apart. Each stream has a version that
// grows with every event in it, and the store one [Position] that grows with every event: the order of commits.
//
// A [State] is what the events of one stream add up to. A [Command] decides: it loads the states of some streams,
// appends events, or refuses with an error. What it has loaded is its consistency boundary. The [Executor] commits the
// events only if none of these streams has changed since, and otherwise decides again:
//
//	func (c Transfer) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.From, c.To} }
//
//	func (c Transfer) Handle(b *eventcore.Boundary) error {
//		if eventcore.Load[Account](b, c.From).Balance < c.Amount {
//			return errInsufficientFunds
//		}
//		eventcore.Load[Account](b, c.To)
//		return b.Append(Transferred{From: c.From, To: c.To, Amount: c.Amount}, c.From, c.To)
//	}
//
//	receipt, err := executor.Execute(ctx, Transfer{From: "account-anna", To: "account-ben", Amount: 30})
//
// Which streams belong to a boundary need not be known beforehand: a command may load a stream that it finds in the
// state of another. Streams that every command appends to and none may load, such as the log of all events of a
// service, are declared in ExecutorOptions.AppendOnly; they cause no conflicts.
//
// A [Registry] binds the names and schema versions of events, which the store keeps, to Go types, which may be
// renamed, and upcasts old versions. [View] reads a state without deciding. A [Projector] keeps a read model up to
// date, and Store.Subscribe delivers events, first from the log and then as they are committed.
//
// # Guarantees
//
//   - All events of a command are stored, or none, and only if every stream that the command loaded is still as it was
//     when the command was decided.
//   - Every answer is given after the commit that it rests on. A refusal, or a command that finds nothing to do, is
//     checked like one that appends: a decision on stale state never leaves Execute.
//   - An error means that nothing was appended, save [ErrOutcomeUnknown]: the reply to a commit was lost, and the store
//     could not say what became of it.
//   - A command that is executed again under its id ([WithCommandID]) returns what it did the first time.
//   - A store whose history was rolled back is not written to: see [CheckHistory].
//   - Commands of one executor never conflict with each other: they are decided one after another, each on what the
//     ones before it decided, and committed together. A stream that everybody writes to costs what any other does.
//   - What a command costs does not depend on the length of the history: states are kept in memory, and only a stream
//     that is not there is read.
//   - Several executors, of one process or of many, may work on one store. A command of one may have to be decided
//     again because of another's; it gives up with [ErrContention] after ExecutorOptions.MaxAttempts.
//   - View is as new as whatever was committed, or delivered, when it was called.
//   - A command that panics, refuses or is too large harms no other.
//
// # Rules
//
// Handle is pure: it may run several times before one run counts, also on states that do not belong together. A State
// is small, and immutable, as all commands share it. Payloads survive a round trip through encoding/json.
//
// # Stores
//
// Package memory is for tests, sqlite for one machine, postgres for several; package open opens any by its DSN. What a
// store has to promise is checked by package storetest.
package eventcore
