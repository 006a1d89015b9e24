// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Registry knows the event types of an application: it turns payloads into JSON and back. It is immutable after
// NewRegistry and may be shared.
type Registry struct {
	byType map[reflect.Type]EventType
	byName map[eventName]EventType
}

type eventName struct {
	name    string
	version int
}

// EventType binds a name and a schema version to a Go type: see Type.
type EventType struct {
	name    string
	version int
	goType  reflect.Type
	decode  func(data []byte) (any, error)
}

// Type registers payloads of type T under the name with a schema version from 1 on. T must survive a round trip
// through encoding/json; unknown JSON fields are ignored when it is read.
func Type[T any](name string, version int) EventType {
	return EventType{
		name:    name,
		version: version,
		goType:  reflect.TypeFor[T](),
		decode: func(data []byte) (any, error) {
			var payload T
			if err := json.Unmarshal(data, &payload); err != nil {
				return nil, err
			}
			return payload, nil
		},
	}
}

// NewRegistry returns a registry of the types. It panics if a name is empty, a version is below 1, or a Go type or
// a name with its version occurs twice: these are mistakes of the programmer, found by the first test.
func NewRegistry(types ...EventType) *Registry {
	r := &Registry{byType: map[reflect.Type]EventType{}, byName: map[eventName]EventType{}}
	for _, t := range types {
		key := eventName{t.name, t.version}
		if t.name == "" || t.version < 1 {
			panic(fmt.Sprintf("eventcore: event type %v needs a name and a schema version from 1 on, got %q version %d",
				t.goType, t.name, t.version))
		}
		if _, taken := r.byName[key]; taken {
			panic(fmt.Sprintf("eventcore: event type %s version %d is registered twice", t.name, t.version))
		}
		if _, taken := r.byType[t.goType]; taken {
			panic(fmt.Sprintf("eventcore: Go type %v is registered twice", t.goType))
		}
		r.byName[key] = t
		r.byType[t.goType] = t
	}
	return r
}

// Encode returns an event with the payload's type, schema version and JSON. It returns ErrUnknownType for a
// payload whose Go type is not registered.
func (r *Registry) Encode(payload any) (Event, error) {
	t, known := r.byType[reflect.TypeOf(payload)]
	if !known {
		return Event{}, fmt.Errorf("%w: Go type %T is not registered", ErrUnknownType, payload)
	}
	data, err := json.Marshal(payload)
	if err != nil {
		return Event{}, fmt.Errorf("encode event %s: %w", t.name, err)
	}
	return Event{Type: t.name, SchemaVersion: t.version, Data: data, Payload: payload}, nil
}

// Decode sets the event's Payload from its Data, unless it is set already. It returns ErrUnknownType for a type or a
// schema version that is not registered, and an error naming the position for data that does not fit the Go type.
// An event that others may hold is decoded in a copy.
func (r *Registry) Decode(event *Event) error {
	if event.Payload != nil {
		return nil
	}
	t, known := r.byName[eventName{event.Type, event.SchemaVersion}]
	if !known {
		return fmt.Errorf("event %d: %w: %s version %d", event.Position, ErrUnknownType, event.Type, event.SchemaVersion)
	}
	payload, err := t.decode(event.Data)
	if err != nil {
		return fmt.Errorf("decode event %d (%s version %d): %w", event.Position, event.Type, event.SchemaVersion, err)
	}
	event.Payload = payload
	return nil
}
