// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import "context"

// Resolver is implemented by a Store that can find out what became of an append: see ErrOutcomeUnknown.
type Resolver interface {
	// Resolve returns the result of an append that has happened, and true. Otherwise it makes sure that the append, which
	// may be on its way still, can never land (Append has ErrFenced for it) and returns false. The request is Append's.
	// After an error nothing is known: ErrRolledBack if the store is behind the request's Head.
	Resolve(ctx context.Context, request AppendRequest) (Appended, bool, error)
}

// Follower is implemented by a Store that remembers how far it has come: see Followed.
type Follower interface {
	// Followed returns a position at or after all that this Store has returned from Append or Head, or handed to a
	// subscriber.
	Followed() Position
}

// CommandStore is a Store that records command ids: see WithCommandID.
type CommandStore interface {
	// FindCommand returns the record of an id, and false if no append has recorded it.
	FindCommand(ctx context.Context, id string) (CommandRecord, bool, error)
}

// CommandRecord is what a store keeps for ever of a command with an id.
type CommandRecord struct {
	// Content is CommandEntry.Content.
	Content [32]byte
	// First and Last are the positions of the first and the last event of the command.
	First, Last Position
}

// Custodian is implemented by a Store that records whom its history serves, and whether it may be trusted.
type Custodian interface {
	// Bind records the cluster, the first time. For any other, "" too, it returns *OtherClusterError, until it is adopted.
	Bind(ctx context.Context, cluster string) error
	// Adopt makes the store serve the cluster, whichever it has served before.
	Adopt(ctx context.Context, cluster string) error
	// AcceptRollback begins a new epoch. Other processes learn it when they open the store.
	AcceptRollback(ctx context.Context) (Identity, error)
}
