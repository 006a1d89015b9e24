// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"fmt"
	"reflect"
	"runtime/debug"
)

// Command is a decision. It reads streams and appends events, or refuses with an error. It must be pure: the
// executor may run Handle several times, from different goroutines, before one run counts. Time, randomness and
// whatever else varies is a field of the command.
type Command interface {
	// ReadStreams returns the streams that are known before deciding, so that they are in memory before the command
	// takes its turn. Others may be loaded as they are discovered: that costs only the way back and another turn.
	ReadStreams() []StreamID
	// Handle loads states from the boundary and appends events to it. Appending nothing is a valid decision; an
	// error refuses and discards what was appended. Both are answered only after the states that were loaded have
	// been found current.
	Handle(boundary *Boundary) error
}

// CommandNamer may be implemented by a command to set Metadata.CommandType.
type CommandNamer interface {
	CommandName() string
}

func commandName(command Command) string {
	if namer, ok := command.(CommandNamer); ok {
		return namer.CommandName()
	}
	t := reflect.TypeOf(command)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// State is what the events of one stream add up to. The zero value is the state of an empty stream. S must be
// immutable: a state is cached and shared by all commands, so Apply returns a new value and changes nothing that
// the old one refers to.
type State[S any] interface {
	// Apply returns the state after an event of the stream. The event is decoded. It is pending, with position and
	// version 0, when an earlier command of the same batch decided it: the same event is applied again once it is
	// committed, to the state before it. Events that do not matter leave the state as it is.
	Apply(stream StreamID, event *Event) S
}

// Settler is a State that can tell that its stream has come to its end, as a rule: an executor forgets it sooner than
// others, and reads it again if it is needed after all.
type Settler interface{ Settled() bool }

// folder is a State's fold with its type hidden. fold[S]{} is comparable: it is also the key of the state's type.
type folder interface {
	zero() any
	apply(state any, stream StreamID, event *Event) (any, error)
}

type fold[S State[S]] struct{}

func (fold[S]) zero() any {
	var zero S
	return zero
}

// apply turns a panic into ErrPanic: an event that a State cannot take harms those who load its stream, and nobody
// else.
func (fold[S]) apply(state any, stream StreamID, event *Event) (next any, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%w: apply %s to %T: %v\n%s", ErrPanic, event.Type, state, reason, debug.Stack())
		}
	}()
	return state.(S).Apply(stream, event), nil
}
