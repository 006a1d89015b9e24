// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/eventcore/order-operator/eventcore"
)

// expect compares events with the payloads that they should have.
func (s *Scenario) expect(where string, got []eventcore.Event, payloads []any) *Scenario {
	s.t.Helper()
	want := make([]eventcore.Event, 0, len(payloads))
	for _, payload := range payloads {
		event, err := s.registry.Encode(payload)
		if err != nil {
			s.t.Fatalf("then %T: %v", payload, err)
		}
		want = append(want, event)
	}
	switch {
	case s.err != nil:
		s.t.Errorf("the command was refused: %v\nwant the events%s:%s", s.err, where, list(want))
	case !s.same(got, want):
		s.t.Errorf("the command appended%s:%s\nwant:%s", where, list(got), list(want))
	}
	return s
}

// same compares payloads as they come back from JSON.
func (s *Scenario) same(got, want []eventcore.Event) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if !reflect.DeepEqual(s.decoded(got[i]), s.decoded(want[i])) {
			return false
		}
	}
	return true
}

func (s *Scenario) decoded(event eventcore.Event) any {
	s.t.Helper()
	event.Payload = nil
	if err := s.registry.Decode(&event); err != nil {
		s.t.Fatalf("the event does not come back from JSON: %v", err)
	}
	return event.Payload
}

func list(events []eventcore.Event) string {
	if len(events) == 0 {
		return " nothing"
	}
	var text strings.Builder
	for i := range events {
		fmt.Fprintf(&text, "\n  %s", line(&events[i]))
	}
	return text.String()
}

// line shows an event in the way that its author wrote it down, as far as JSON tells.
func line(event *eventcore.Event) string {
	text := event.Type + " " + string(event.Data)
	names := make([]string, 0, len(event.Streams))
	for _, m := range event.Streams {
		names = append(names, string(m.Stream))
	}
	if len(names) > 0 {
		text += " in " + strings.Join(names, ", ")
	}
	return text
}
