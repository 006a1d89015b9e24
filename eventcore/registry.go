// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
)

// Registry knows the event types of an application, today's and those of its past. It is immutable and may be shared.
// docs/schema-evolution.md tells how types change.
type Registry struct {
	byType   map[reflect.Type]EventType
	decoders map[eventName]decoder
	// schemas are the registered versions by name, old names included.
	schemas map[string]schema
	// formerly are the old names of a name, which an event written long ago still has.
	formerly map[string][]string
}

type eventName struct {
	name    string
	version int
}

// decoder makes today's payload from the data of one version.
type decoder func(data []byte) (any, error)

// EventType is an entry of a Registry: see Type, Upcast and Renamed.
type EventType struct {
	name    string
	version int
	goType  reflect.Type
	decode  decoder
	// convert, result and formerly tell the kinds of entry apart: an upcaster has the first two, a new name the last.
	convert  func(old any) (any, error)
	result   reflect.Type
	formerly string
}

// Type registers payloads of type T under the name with a schema version from 1 on. T must survive a round trip
// through encoding/json; unknown JSON fields are ignored when it is read.
func Type[T any](name string, version int) EventType {
	return EventType{name: name, version: version, goType: reflect.TypeFor[T](), decode: decodeJSON[T]}
}

func decodeJSON[T any](data []byte) (any, error) {
	var payload T
	if err := json.Unmarshal(data, &payload); err != nil {
		return nil, err
	}
	return payload, nil
}

// NewRegistry returns a registry of the types. It panics if names or versions are missing, are there twice, have a gap
// or don't fit each other: mistakes of the programmer, found by the first test.
func NewRegistry(types ...EventType) *Registry {
	r := &Registry{
		byType:   map[reflect.Type]EventType{},
		decoders: map[eventName]decoder{},
		schemas:  map[string]schema{},
		formerly: map[string][]string{},
	}
	renamed := map[string]string{}
	for _, t := range types {
		if t.formerly != "" {
			addName(renamed, t)
			continue
		}
		r.add(t)
	}
	for name, versions := range r.schemas {
		versions.check(name)
		for version := range versions {
			r.decoders[eventName{name, version}] = versions.decoder(version)
		}
	}
	for _, old := range slices.Sorted(maps.Keys(renamed)) {
		r.addOldName(old, renamed)
	}
	return r
}

func (r *Registry) add(t EventType) {
	if t.name == "" || t.version < 1 {
		panic(fmt.Sprintf("eventcore: event type %v needs a name and a schema version from 1 on, got %q version %d",
			t.goType, t.name, t.version))
	}
	if r.schemas[t.name] == nil {
		r.schemas[t.name] = schema{}
	}
	if _, taken := r.schemas[t.name][t.version]; taken {
		panic(fmt.Sprintf("eventcore: event type %s version %d is registered twice", t.name, t.version))
	}
	r.schemas[t.name][t.version] = t
	if t.convert != nil {
		return
	}
	if _, taken := r.byType[t.goType]; taken {
		panic(fmt.Sprintf("eventcore: Go type %v is registered twice", t.goType))
	}
	r.byType[t.goType] = t
}

// Encode returns an event with the payload's type, schema version and JSON, or ErrUnknownType for a Go type that is
// not registered.
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

// Decode sets the event's Payload from its Data, upcast from an old version, unless it is set already. Type and
// SchemaVersion stay what was stored. It returns ErrUnknownType for a type or a schema version that is not registered,
// and an error for data that does not fit or can't be upcast. An event that others may hold is decoded in a copy.
func (r *Registry) Decode(event *Event) error {
	if event.Payload != nil {
		return nil
	}
	decode, known := r.decoders[eventName{event.Type, event.SchemaVersion}]
	if !known {
		return r.unknown(event)
	}
	payload, err := decode.safely(event.Data)
	if err != nil {
		return fmt.Errorf("decode event %d (%s version %d): %w; data of another shape needs a schema version of its own, "+
			"and an Upcast to the next", event.Position, event.Type, event.SchemaVersion, err)
	}
	event.Payload = payload
	return nil
}

func (d decoder) safely(data []byte) (payload any, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("it panicked: %v", reason)
		}
	}()
	return d(data)
}

// unknown says what to do about an event that is not registered.
func (r *Registry) unknown(event *Event) error {
	remedy := "register it with Type, or with Renamed if it has another name now"
	if versions, known := r.schemas[event.Type]; known {
		oldest, newest := versions.bounds()
		remedy = fmt.Sprintf("the oldest version registered is %d: register an Upcast from version %d",
			oldest, event.SchemaVersion)
		if event.SchemaVersion > newest {
			remedy = fmt.Sprintf("the newest version registered is %d: a newer program wrote it, upgrade this one", newest)
		}
	}
	return fmt.Errorf("event %d: %w: %s version %d; %s",
		event.Position, ErrUnknownType, event.Type, event.SchemaVersion, remedy)
}

// Types yields the names that Encode writes, sorted, with their newest version.
func (r *Registry) Types() iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		for _, name := range slices.Sorted(maps.Keys(r.schemas)) {
			versions := r.schemas[name]
			_, newest := versions.bounds()
			if versions[newest].name == name && !yield(name, newest) {
				return
			}
		}
	}
}
