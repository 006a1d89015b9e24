// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
)

// DefaultLimits are the limits of the stores in this module.
var DefaultLimits = eventcore.Limits{Memberships: 4096, Bytes: 8 << 20}

// ErrInvalidRequest says that an append request breaks a rule that no store accepts.
var ErrInvalidRequest = errors.New("invalid append request")

// CheckResolvable returns nil if the append can be looked for after its head hint, in a store with the head.
func CheckResolvable(request *eventcore.AppendRequest, head eventcore.Position) error {
	if request.ID == uuid.Nil {
		return fmt.Errorf("%w: it has no id to be resolved by", ErrInvalidRequest)
	}
	if request.Head > head {
		return fmt.Errorf("%w: position %d was seen, the head is %d", eventcore.ErrRolledBack, request.Head, head)
	}
	return nil
}

// Check returns nil if the request may be written as far as its form goes. It costs little for streams that the
// store has seen already: known tells which, and only the ids of others are validated.
func Check(request *eventcore.AppendRequest, limits eventcore.Limits, known func(eventcore.StreamID) bool) error {
	for i := range request.Guards {
		if err := checkStream(request.Guards[i].Stream, known); err != nil {
			return err
		}
	}
	if err := checkSize(request.Events, limits); err != nil {
		return err
	}
	if err := checkCommands(request); err != nil {
		return err
	}
	for i := range request.Events {
		if err := checkEvent(&request.Events[i], known); err != nil {
			return fmt.Errorf("event %d of %d: %w", i+1, len(request.Events), err)
		}
	}
	return nil
}

func checkCommands(request *eventcore.AppendRequest) error {
	for i, command := range request.Commands {
		if command.ID == "" || command.From < 0 || command.From > command.To || command.To > len(request.Events) {
			return fmt.Errorf("%w: command id %q with the events %d to %d of %d",
				ErrInvalidRequest, command.ID, command.From, command.To, len(request.Events))
		}
		same := func(c eventcore.CommandEntry) bool { return c.ID == command.ID }
		if slices.ContainsFunc(request.Commands[:i], same) {
			return fmt.Errorf("%w: command id %q is given twice", ErrInvalidRequest, command.ID)
		}
	}
	return nil
}

func checkSize(events []eventcore.Event, limits eventcore.Limits) error {
	memberships, bytes := 0, 0
	for i := range events {
		memberships += len(events[i].Streams)
		bytes += len(events[i].Data)
	}
	if memberships > limits.Memberships {
		return fmt.Errorf("%w: %d stream memberships, %d allowed", eventcore.ErrTooLarge, memberships, limits.Memberships)
	}
	if bytes > limits.Bytes {
		return fmt.Errorf("%w: %d bytes of payloads, %d allowed", eventcore.ErrTooLarge, bytes, limits.Bytes)
	}
	return nil
}

func checkEvent(event *eventcore.Event, known func(eventcore.StreamID) bool) error {
	if event.Type == "" {
		return fmt.Errorf("%w: no type", ErrInvalidRequest)
	}
	if len(event.Streams) == 0 {
		return fmt.Errorf("%w: %s belongs to no stream", ErrInvalidRequest, event.Type)
	}
	for i, membership := range event.Streams {
		if err := checkStream(membership.Stream, known); err != nil {
			return err
		}
		same := func(m eventcore.Membership) bool { return m.Stream == membership.Stream }
		if slices.ContainsFunc(event.Streams[:i], same) {
			return fmt.Errorf("%w: %s belongs to the stream %s twice", ErrInvalidRequest, event.Type, membership.Stream)
		}
	}
	return nil
}

func checkStream(id eventcore.StreamID, known func(eventcore.StreamID) bool) error {
	if known(id) {
		return nil
	}
	return id.Validate()
}

// Place returns the events as they will be stored after head, without gaps: join is called for every membership,
// in order, and returns its version. The request's own events and slices stay untouched.
func Place(
	events []eventcore.Event, head eventcore.Position,
	join func(eventcore.StreamID, eventcore.Position) (eventcore.Version, error),
) ([]eventcore.Event, error) {
	count := 0
	for i := range events {
		count += len(events[i].Streams)
	}
	memberships := make([]eventcore.Membership, 0, count)
	placed := slices.Clone(events)
	for i := range placed {
		event := &placed[i]
		head++
		event.Position = head
		event.RecordedAt = event.RecordedAt.UTC().Truncate(time.Microsecond)
		first := len(memberships)
		for _, membership := range event.Streams {
			version, err := join(membership.Stream, head)
			if err != nil {
				return nil, err
			}
			memberships = append(memberships, eventcore.Membership{Stream: membership.Stream, Version: version})
		}
		event.Streams = slices.Clip(memberships[first:])
	}
	return placed, nil
}
