// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrInvalidStreamID says that a stream id breaks the rules of StreamID.
	ErrInvalidStreamID = errors.New("invalid stream id")
	// ErrInvalidPattern says that a pattern breaks the rules of Pattern.
	ErrInvalidPattern = errors.New("invalid stream pattern")
	// ErrConflict says that a stream of the boundary has changed: see ConflictError. An Executor decides again.
	ErrConflict = errors.New("a stream of the consistency boundary has changed")
	// ErrContention says that other processes kept changing a command's streams until its attempts were used up.
	ErrContention = errors.New("too many conflicts with other writers")
	// ErrOutcomeUnknown says that an append may or may not have happened. Any other error means that it did not.
	ErrOutcomeUnknown = errors.New("the outcome of the append is unknown")
	// ErrCommandReused says that a command id belongs to a command of another content. Nothing was appended.
	ErrCommandReused = errors.New("the command id was used for another command")
	// ErrFenced says that Resolver.Resolve came before the append, which can no longer happen.
	ErrFenced = errors.New("the append was given up before it arrived")
	// ErrRolledBack says that the store is behind what was seen of it: see CheckHistory. An executor executes no more.
	ErrRolledBack = errors.New("the store's history was rolled back")
	// ErrOtherStore says that a store is not the one that it was taken for.
	ErrOtherStore = errors.New("the store is another one")
	// ErrNoStore says that there is no store, where one was to be opened and none to be created.
	ErrNoStore = errors.New("there is no store")
	// ErrTooLarge says that a single command appends more than the store's Limits.
	ErrTooLarge = errors.New("the append is larger than the store's limits")
	// ErrDiscoveryDepth says that a command kept discovering streams, or loaded more than 1,024.
	ErrDiscoveryDepth = errors.New("the command still discovers streams after the last round")
	// ErrNotLoaded says that a command appended to a stream that it had not loaded in this attempt.
	ErrNotLoaded = errors.New("the stream was not loaded by the command")
	// ErrAppendOnly says that a command tried to load a stream that is declared append-only.
	ErrAppendOnly = errors.New("the stream is append-only: no command may load it")
	// ErrUnknownType says that a Registry holds no such event type or schema version.
	ErrUnknownType = errors.New("unknown event type")
	// ErrPanic says that a command's Handle, or the Apply of a State that it loads, panicked: it appended nothing.
	ErrPanic = errors.New("the command panicked")
	// ErrClosed says that the executor or the store has been closed.
	ErrClosed = errors.New("closed")
	// ErrCheckpointMoved says that a read model's checkpoint is not where its writer left it.
	ErrCheckpointMoved = errors.New("the read model's checkpoint was moved by another writer")
)

// ConflictError names the guards that did not hold. It matches ErrConflict. A store may report a conflict that
// is none (a lost race for its head), and may know only some of the streams.
type ConflictError struct {
	Conflicts []Conflict
	// Commands are the ids in AppendRequest.Commands that are recorded already. A store names them all.
	Commands []string
}

// Conflict is one guard that did not hold.
type Conflict struct {
	Stream   StreamID
	Expected Version
	Actual   Version
}

// Error lists the streams with the versions expected and found.
func (e *ConflictError) Error() string {
	parts := make([]string, 0, len(e.Conflicts)+len(e.Commands))
	for _, c := range e.Conflicts {
		parts = append(parts, fmt.Sprintf("stream %s: expected version %d, found %d", c.Stream, c.Expected, c.Actual))
	}
	for _, id := range e.Commands {
		parts = append(parts, fmt.Sprintf("command id %q is recorded already", id))
	}
	if len(parts) == 0 {
		return ErrConflict.Error()
	}
	return ErrConflict.Error() + ": " + strings.Join(parts, "; ")
}

// Is makes errors.Is(err, ErrConflict) true.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }
