// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Store keeps events durably in one total order. Package storetest holds the contract that every store passes;
// all methods may be called concurrently.
// It asks for nothing that a replicated log could not give: docs/adr/0001-store-interface-fits-a-replicated-log.md.
type Store interface {
	// Append writes all events of the request, or none, and only if every guard holds at that moment, which is checked
	// without events too. Errors: *ConflictError when a guard does not hold; ErrTooLarge above Limits; ErrOutcomeUnknown
	// when the commit may or may not have happened; any other error means that nothing was written.
	Append(ctx context.Context, request AppendRequest) (Appended, error)
	// Read yields the events that match the query, in ascending position, as of one consistent snapshot. An
	// error ends the sequence. A stream that nobody has written to yields nothing.
	Read(ctx context.Context, query Query) iter.Seq2[Event, error]
	// Subscribe yields batches of events after the position, first from the log, then as they are committed,
	// until ctx ends (its error is the last element) or the caller breaks off. Nothing that matches the filter is
	// skipped or delivered twice; a slow subscriber delays nobody else. Subscribers own their checkpoints.
	Subscribe(ctx context.Context, after Position, filter Filter) iter.Seq2[Batch, error]
	// Head returns the last event's position, 0 if there is none: at or after all that this Store returned or delivered.
	Head(ctx context.Context) (Position, error)
	// ReadModel returns the named read model, which lives in the store's database. The name has the rules of a StreamID.
	ReadModel(name string) (ReadModel, error)
	// Identity tells which history this is.
	Identity() Identity
	// Limits tells how large one append may be.
	Limits() Limits
	// Close ends all subscriptions and frees the store's resources. Nothing may be called afterwards.
	Close() error
}

// AppendRequest is what Store.Append writes.
type AppendRequest struct {
	// ID is fresh for every attempt to commit. It is stored: see Resolver.
	ID uuid.UUID
	// Head is where all guards were known to hold together: a hint for a store whose head is still there, no guard.
	Head Position
	// Guards are the consistency boundary: exact streams with the version that each must still have.
	Guards []Guard
	// Events are written in this order. Position and the versions in Streams are ignored; Payload is passed on to
	// subscribers in this process.
	Events []Event
	// Commands are the commands with ids among those that the append carries out. None may be recorded in the store
	// yet, also where Head holds: those that are make it a conflict. Only a CommandStore is given any.
	Commands []CommandEntry
}

// CommandEntry is a command with an id in an append. It is recorded if it has events.
type CommandEntry struct {
	ID string
	// Content is a fingerprint of what was asked for.
	Content [32]byte
	// From and To say which of the request's Events are the command's: Events[From:To].
	From, To int
}

// Guard demands that the stream still has the version, 0 for no events.
type Guard struct {
	Stream  StreamID
	Version Version
}

// Appended is the result of an append.
type Appended struct {
	// Previous is the head just before the append, and the head at which the guards held if nothing was appended.
	Previous Position
	// Tail are all events after the request's Head and up to Previous, or nil: a store that has read them saves reading them.
	Tail []Event
	// Events are the request's events with their positions and versions, and with their Payload. Nobody may change them.
	Events []Event
}

// Query selects events for Store.Read. The zero value selects all.
type Query struct {
	// After leaves out events at or before the position.
	After Position
	// Filter leaves out events that do not match.
	Filter Filter
	// Limit ends the sequence after so many matching events; 0 sets no limit.
	Limit int
}

// Filter selects events. The zero value matches every event.
type Filter struct {
	// Streams, Prefixes and Patterns match an event of one of the streams, or of one whose id starts with one of the
	// prefixes, taken literally, or matches one of the patterns. If all are empty, any stream matches.
	Streams  []StreamID
	Prefixes []string
	Patterns []Pattern
	// Types match the event's type; empty matches any.
	Types []string
}

// Matches reports whether the event passes the filter, as all stores decide.
func (f Filter) Matches(event *Event) bool {
	if len(f.Types) > 0 && !slices.Contains(f.Types, event.Type) {
		return false
	}
	if len(f.Streams)+len(f.Prefixes)+len(f.Patterns) == 0 {
		return true
	}
	return slices.ContainsFunc(event.Streams, func(m Membership) bool {
		return slices.Contains(f.Streams, m.Stream) ||
			slices.ContainsFunc(f.Prefixes, func(prefix string) bool { return strings.HasPrefix(string(m.Stream), prefix) }) ||
			slices.ContainsFunc(f.Patterns, func(pattern Pattern) bool { return pattern.Matches(m.Stream) })
	})
}

// Batch is what a subscription delivers at once.
type Batch struct {
	// Events match the filter, in ascending position; there may be none.
	Events []Event
	// Through is the position that was scanned: a subscriber that starts again after it misses nothing.
	Through Position
	// CaughtUp reports that Through was the store's head when the batch was read.
	CaughtUp bool
}

// Identity names a history.
type Identity struct {
	// StoreID is made when the store is created and never changes.
	StoreID uuid.UUID
	// Epoch rises when an operator accepts that the history was rolled back, and by nothing else. It starts at 1.
	Epoch int64
}

// Limits bound one append. They are at least 256 memberships and 512 KiB.
type Limits struct {
	// Memberships is the most places in streams that the events of one append may take together.
	Memberships int
	// Bytes is the largest sum of the payloads of one append.
	Bytes int
}

// ReadModel is a table of JSON documents by key, kept in one transaction with the checkpoint of the one projection that
// writes it. Any number may read it.
type ReadModel interface {
	// Checkpoint returns the position up to which the read model is current, 0 if it was never written.
	Checkpoint(ctx context.Context) (Position, error)
	// Get returns the document, and false if there is none.
	Get(ctx context.Context, key string) ([]byte, bool, error)
	// All yields all documents in the order of their keys.
	All(ctx context.Context) iter.Seq2[Document, error]
	// Update applies the changes and moves the checkpoint from one position to another, all or nothing. It
	// returns ErrCheckpointMoved when the checkpoint is not at from any more: another writer is at work.
	Update(ctx context.Context, from, to Position, changes []Change) error
}

// Document is a row of a read model.
type Document struct {
	Key   string
	Value []byte
}

// Change writes a document of a read model, or deletes it if Value is nil.
type Change struct {
	Key   string
	Value []byte
}
