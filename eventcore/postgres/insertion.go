// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/column"
	"github.com/eventcore/order-operator/eventcore/internal/tail"
)

// errLook says that what is in memory is not enough: a guard does not hold there, or an event joins a stream of which
// neither the cache nor a guard knows the version.
var errLook = errors.New("the database must be looked at")

// insertion is the statement insert with its arguments, which are gathered column by column.
type insertion struct {
	events []eventcore.Event
	// before and after are the head row's contents.
	before, after headRow

	guardNames    []string
	guardVersions []int64
	newStreams    []string

	memberStreams, memberPositions, memberVersions []int64

	ids            []pgtype.UUID
	types          []string
	schemaVersions []int64
	recordedAt     []time.Time
	metadata       []string
	streams        []string
	data           [][]byte

	commands                      []string
	contents                      [][]byte
	firstPositions, lastPositions []int64
}

// newInsertion places the events after the heads' row, and stages the versions that their streams then have. Guards on
// streams that heads does not know are left to the statement. The error errLook means that heads does not know enough.
func newInsertion(h *heads, request *eventcore.AppendRequest) (*insertion, error) {
	in := &insertion{before: h.row, after: h.row}
	for _, guard := range request.Guards {
		switch head, known := h.find(guard.Stream); {
		case !known:
			in.guard(h, guard)
		case head.version != guard.Version:
			return nil, errLook
		}
	}
	var err error
	join := func(id eventcore.StreamID, at eventcore.Position) (eventcore.Version, error) {
		return in.join(h, id, at)
	}
	if in.events, err = tail.Place(request.Events, position(h.row.position), join); err != nil {
		return nil, err
	}
	for i := range in.events {
		if err := in.add(&in.events[i]); err != nil {
			return nil, err
		}
	}
	in.after.position += int64(len(in.events))
	for i := range request.Commands {
		command := &request.Commands[i]
		in.commands = append(in.commands, command.ID)
		in.contents = append(in.contents, command.Content[:])
		// Of a command without events, the first lies behind the last.
		in.firstPositions = append(in.firstPositions, h.row.position+int64(command.From)+1)
		in.lastPositions = append(in.lastPositions, h.row.position+int64(command.To))
	}
	return in, nil
}

// guard leaves a guard to the statement, and believes in it until then.
func (in *insertion) guard(h *heads, guard eventcore.Guard) {
	in.guardNames = append(in.guardNames, string(guard.Stream))
	in.guardVersions = append(in.guardVersions, int64(guard.Version)) //nolint:gosec // none is so high that it matters.
	head := streamHead{version: guard.Version}
	if guard.Version > 0 {
		head.id = -int64(len(in.guardNames))
	}
	h.staged[guard.Stream] = head
}

// join adds a membership and returns its version.
func (in *insertion) join(h *heads, id eventcore.StreamID, at eventcore.Position) (eventcore.Version, error) {
	head, known := h.find(id)
	if !known {
		return 0, errLook
	}
	if head.id == 0 {
		in.newStreams = append(in.newStreams, string(id))
		in.after.streams++
		head.id = in.after.streams
	}
	head.version++
	h.staged[id] = head
	in.memberStreams = append(in.memberStreams, head.id)
	in.memberPositions = append(in.memberPositions, bigint(at))
	in.memberVersions = append(in.memberVersions, int64(head.version)) //nolint:gosec // versions count up from 1.
	return head.version, nil
}

func (in *insertion) add(event *eventcore.Event) error {
	metadata, err := column.EncodeMetadata(&event.Metadata)
	if err != nil {
		return err
	}
	data := event.Data
	if data == nil {
		data = []byte{}
	}
	in.ids = append(in.ids, pgtype.UUID{Bytes: event.ID, Valid: true})
	in.types = append(in.types, event.Type)
	in.schemaVersions = append(in.schemaVersions, int64(event.SchemaVersion))
	in.recordedAt = append(in.recordedAt, event.RecordedAt)
	in.metadata = append(in.metadata, metadata)
	in.streams = append(in.streams, column.EncodeStreams(event.Streams))
	in.data = append(in.data, data)
	return nil
}

func (in *insertion) arguments(id uuid.UUID, channel string) []any {
	return []any{
		in.before.position, in.before.fence, in.after.position, in.after.streams, in.guardNames, in.guardVersions,
		in.newStreams, in.memberStreams, in.memberPositions, in.memberVersions, in.ids, in.types, in.schemaVersions,
		in.recordedAt, in.metadata, in.streams, in.data, pgtype.UUID{Bytes: id, Valid: true},
		in.commands, in.contents, in.firstPositions, in.lastPositions, channel,
	}
}

// learn takes over the ids of the streams whose guards the statement has compared, and keeps what was staged.
func (in *insertion) learn(h *heads, ids []int64) {
	for i, id := range ids {
		stream := eventcore.StreamID(in.guardNames[i])
		if head := h.staged[stream]; head.id < 0 {
			head.id = id
			h.staged[stream] = head
		}
	}
	h.commit(in.after)
}
