// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
)

func TestARegistryWithAMistakePanics(t *testing.T) {
	deposited := eventcore.Type[Deposited]("Deposited", 1)
	sameName, sameType := eventcore.Type[Withdrawn]("Deposited", 1), eventcore.Type[Deposited]("Paid", 1)
	tests := map[string]struct {
		types []eventcore.EventType
		says  string
	}{
		"no name":             {[]eventcore.EventType{eventcore.Type[Deposited]("", 1)}, "needs a name"},
		"no version":          {[]eventcore.EventType{eventcore.Type[Deposited]("Deposited", 0)}, "version from 1 on"},
		"a name twice":        {[]eventcore.EventType{deposited, sameName}, "Deposited version 1"},
		"a Go type twice":     {[]eventcore.EventType{deposited, sameType}, "eventcore_test.Deposited"},
		"the same type twice": {[]eventcore.EventType{deposited, deposited}, "registered twice"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if reason, _ := recover().(string); !strings.Contains(reason, test.says) {
					t.Errorf("panicked with %q, want something about %q", reason, test.says)
				}
			}()
			eventcore.NewRegistry(test.types...)
		})
	}
}

func TestARegistryTakesTwoVersionsOfAName(t *testing.T) {
	type depositedV2 struct{ Amount, Fee int64 }
	registry := eventcore.NewRegistry(
		eventcore.Type[Deposited]("Deposited", 1), eventcore.Type[depositedV2]("Deposited", 2))
	event, err := registry.Encode(depositedV2{Amount: 5, Fee: 1})
	if err != nil || event.Type != "Deposited" || event.SchemaVersion != 2 {
		t.Fatalf("got %s version %d, %v", event.Type, event.SchemaVersion, err)
	}
	old := eventcore.Event{Type: "Deposited", SchemaVersion: 1, Data: []byte(`{"amount":7,"unknown":true}`)}
	if err := registry.Decode(&old); err != nil || old.Payload != (Deposited{Amount: 7}) {
		t.Errorf("got %+v, %v, want the old type", old.Payload, err)
	}
}

func TestWhatARegistryCannotEncodeOrDecode(t *testing.T) {
	type unencodable struct{ F func() }
	registry := eventcore.NewRegistry(
		eventcore.Type[Deposited]("Deposited", 1), eventcore.Type[unencodable]("Unencodable", 1))
	for _, payload := range []any{nil, 1, &Deposited{}, Withdrawn{}} {
		if _, err := registry.Encode(payload); !errors.Is(err, eventcore.ErrUnknownType) {
			t.Errorf("%T: got %v, want ErrUnknownType", payload, err)
		}
	}
	var unsupported *json.UnsupportedTypeError
	_, err := registry.Encode(unencodable{})
	if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), "Unencodable") {
		t.Errorf("got %v, want what encoding/json says, and the type's name", err)
	}
	for _, event := range []eventcore.Event{
		{Position: 7, Type: "Deposited", SchemaVersion: 2, Data: []byte(`{}`)},
		{Position: 7, Type: "Withdrawn", SchemaVersion: 1, Data: []byte(`{}`)},
	} {
		err := registry.Decode(&event)
		if !errors.Is(err, eventcore.ErrUnknownType) || !strings.Contains(err.Error(), "event 7") {
			t.Errorf("got %v, want ErrUnknownType of event 7", err)
		}
	}
	broken := eventcore.Event{Position: 8, Type: "Deposited", SchemaVersion: 1, Data: []byte(`{"amount":"much"}`)}
	if err := registry.Decode(&broken); err == nil || !strings.Contains(err.Error(), "event 8 (Deposited version 1)") {
		t.Errorf("got %v, want an error that names event 8", err)
	}
}

func TestStreamIDs(t *testing.T) {
	longest := strings.Repeat("ü", 255)
	for _, name := range []string{"a", "order-ns/name", "x:y_z%", `quo"te's`, "with space", "Äpfel", longest} {
		if id, err := eventcore.NewStreamID(" " + name + "\n"); err != nil || string(id) != name {
			t.Errorf("%q: got %q, %v", name, id, err)
		}
	}
	for _, name := range []string{"", " ", "a*", "a?", "[a", "a]", "a\x00b", "a\nb", "\xff", longest + "ü"} {
		if _, err := eventcore.NewStreamID(name); !errors.Is(err, eventcore.ErrInvalidStreamID) {
			t.Errorf("%q: got %v, want ErrInvalidStreamID", name, err)
		}
	}
	if err := eventcore.StreamID(" a").Validate(); !errors.Is(err, eventcore.ErrInvalidStreamID) {
		t.Errorf("white space: got %v, want ErrInvalidStreamID", err)
	}
}

func TestAConflictErrorTellsItsStreams(t *testing.T) {
	err := error(&eventcore.ConflictError{Conflicts: []eventcore.Conflict{
		{Stream: "anna", Expected: 3, Actual: 4}, {Stream: "ben", Expected: 0, Actual: 1},
	}})
	const want = "a stream of the consistency boundary has changed: " +
		"stream anna: expected version 3, found 4; stream ben: expected version 0, found 1"
	if !errors.Is(err, eventcore.ErrConflict) || err.Error() != want {
		t.Errorf("got %q", err)
	}
	if err := error(&eventcore.ConflictError{}); !errors.Is(err, eventcore.ErrConflict) ||
		err.Error() != eventcore.ErrConflict.Error() {
		t.Errorf("without streams: got %q", err)
	}
}
