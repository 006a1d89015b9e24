// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Upcast registers an old schema version of a name, and how its payloads become those of version from+1: which is
// an Upcast again, or has a Type. Data of version from is decoded into Old; New is what the next version's Old, or
// Type, is. Where either is json.RawMessage they are converted through JSON, so that no old Go type need be kept.
// The function must be pure: it runs whenever an old event is read. If it fails or panics, so does decoding.
func Upcast[Old, New any](name string, from int, upcast func(Old) (New, error)) EventType {
	return EventType{
		name: name, version: from, goType: reflect.TypeFor[Old](), result: reflect.TypeFor[New](),
		decode: decodeJSON[Old],
		convert: func(value any) (any, error) {
			old, _ := value.(Old) // nil, if Old is an interface and the data null
			return upcast(old)
		},
	}
}

// Renamed registers a name that events had before: they are read as events of the new name with the same schema
// version. Versions go on counting under the new name. An old name may be renamed several times.
func Renamed(oldName, newName string) EventType {
	return EventType{name: newName, formerly: oldName}
}

// WithOldNames returns the filter with the names that its Types had before: the store's. A Projector does so by itself.
func (r *Registry) WithOldNames(filter Filter) Filter {
	types := slices.Clone(filter.Types)
	for _, name := range filter.Types {
		types = append(types, r.formerly[name]...)
	}
	filter.Types = types
	return filter
}

// schema holds the versions of one name.
type schema map[int]EventType

func (s schema) bounds() (oldest, newest int) {
	versions := slices.Sorted(maps.Keys(s))
	return versions[0], versions[len(versions)-1]
}

// check panics where a version could be written that cannot be read.
func (s schema) check(name string) {
	oldest, newest := s.bounds()
	for version := oldest; version <= newest; version++ {
		t, registered := s[version]
		if !registered {
			panic(fmt.Sprintf("eventcore: event type %s has versions %d and %d, but none of %d", name, oldest, newest, version))
		}
		if t.convert == nil {
			continue
		}
		next, registered := s[version+1]
		if !registered {
			panic(fmt.Sprintf("eventcore: event type %s is upcast from version %d, but there is no version %d",
				name, version, version+1))
		}
		if t.result != next.goType && !throughJSON(t, next) {
			panic(fmt.Sprintf("eventcore: event type %s: the upcaster from version %d returns %v, but version %d is %v",
				name, version, t.result, version+1, next.goType))
		}
	}
}

// throughJSON reports whether the upcaster's result becomes the next version's payload by JSON, as one is JSON.
func throughJSON(t, next EventType) bool {
	raw := reflect.TypeFor[json.RawMessage]()
	return t.result != next.goType && (t.result == raw || next.goType == raw)
}

// decoder returns what makes today's payload from data of the version.
func (s schema) decoder(version int) decoder {
	first := s[version]
	if first.convert == nil {
		return first.decode
	}
	return func(data []byte) (any, error) {
		value, err := first.decode(data)
		t := first
		for err == nil && t.convert != nil {
			value, err = s.upcast(t, value)
			t = s[t.version+1]
		}
		return value, err
	}
}

// upcast takes the value to the next version.
func (s schema) upcast(t EventType, value any) (any, error) {
	value, err := t.convert(value)
	next := s[t.version+1]
	if err == nil && throughJSON(t, next) {
		var data []byte
		if data, err = json.Marshal(value); err == nil {
			value, err = next.decode(data)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("upcast from version %d: %w", t.version, err)
	}
	return value, nil
}

func addName(renamed map[string]string, t EventType) {
	if t.name == "" {
		panic(fmt.Sprintf("eventcore: event type %s is renamed to nothing", t.formerly))
	}
	if _, taken := renamed[t.formerly]; taken {
		panic(fmt.Sprintf("eventcore: event type %s is renamed twice", t.formerly))
	}
	renamed[t.formerly] = t.name
}

// addOldName registers all versions of the name that the old one has come to, under the old one.
func (r *Registry) addOldName(old string, renamed map[string]string) {
	if r.schemas[old] != nil {
		panic(fmt.Sprintf("eventcore: event type %s is registered, and renamed to %s", old, renamed[old]))
	}
	name := renamed[old]
	for range renamed {
		next, again := renamed[name]
		if !again {
			break
		}
		name = next
	}
	if _, again := renamed[name]; again {
		panic(fmt.Sprintf("eventcore: event type %s is renamed to %s, and in the end to itself", old, renamed[old]))
	}
	versions := r.schemas[name]
	if versions == nil {
		panic(fmt.Sprintf("eventcore: event type %s is renamed to %s, which is not registered", old, name))
	}
	for version := range versions {
		r.decoders[eventName{old, version}] = r.decoders[eventName{name, version}]
	}
	r.schemas[old] = versions
	r.formerly[name] = append(r.formerly[name], old)
}
