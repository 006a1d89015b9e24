// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"time"

	"github.com/google/uuid"
)

// Event is an immutable fact. It is stored once and belongs to one or more streams, with a version in each.
// Events are shared between readers: nothing reachable from one may be changed.
type Event struct {
	// Position is the event's place in the store; 0 while the event is pending in a batch that is not committed.
	Position Position
	// ID is a UUIDv7. It identifies, and orders nothing.
	ID uuid.UUID
	// Type and SchemaVersion (from 1) name the payload's schema in the Registry.
	Type          string
	SchemaVersion int
	// Data is the payload as JSON, byte for byte as it was written.
	Data []byte
	// Streams holds the streams that the event belongs to, in the order given to Boundary.Append.
	Streams []Membership
	// RecordedAt is when the event was decided, in UTC, with microseconds. It orders nothing.
	RecordedAt time.Time
	// Metadata tells where the event came from.
	Metadata Metadata

	// Payload is the decoded Data. Registry.Decode sets it; what a store reads from its log has none, while what
	// it hands to subscribers of the appending process may have one.
	Payload any
}

// Membership is an event's place in a stream. Version is 0 while it is pending.
type Membership struct {
	Stream  StreamID
	Version Version
}

// VersionIn returns the event's version in the stream, false if it has none.
func (e *Event) VersionIn(stream StreamID) (Version, bool) {
	for i := range e.Streams {
		if e.Streams[i].Stream == stream {
			return e.Streams[i].Version, true
		}
	}
	return 0, false
}

// Metadata says where an event came from. All is optional, and no secret.
type Metadata struct {
	// CommandType is the command's name: what CommandNamer returns, or else the Go type's name.
	CommandType string `json:"commandType,omitempty"`
	// CommandID is the id that a caller gave to the command: see WithCommandID.
	CommandID string `json:"commandID,omitempty"`
	// CorrelationID is shared by everything that happens on behalf of one business process.
	CorrelationID string `json:"correlationID,omitempty"`
	// Causation is the position of the event that woke the command, 0 if none did.
	Causation Position `json:"causation,omitzero"`
	// Actor is the person or the service on whose behalf the command ran.
	Actor string `json:"actor,omitempty"`
	// TraceContext is a W3C traceparent.
	TraceContext string `json:"traceContext,omitempty"`
}
