// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/open"
)

// T is what a scenario needs of *testing.T, *testing.B, *testing.F or *rapid.T.
type T interface {
	Helper()
	Errorf(format string, arguments ...any)
	Fatalf(format string, arguments ...any)
	Context() context.Context
	Cleanup(f func())
}

// Scenario is a history with commands. Its methods return it, so that calls read as a sentence. It is used by one
// goroutine.
type Scenario struct {
	t        T
	registry *eventcore.Registry
	store    *repeating
	executor *eventcore.Executor

	// asked is set by When, looked by what follows it; events and err are what the last command came to.
	asked  bool
	looked bool
	events []eventcore.Event
	err    error
}

// New returns a scenario without any events.
func New(t T, registry *eventcore.Registry) *Scenario {
	t.Helper()
	return NewWithOptions(t, registry, eventcore.ExecutorOptions{})
}

// NewWithOptions returns a scenario whose executor has the options: append-only streams, for commands that append to
// them.
func NewWithOptions(t T, registry *eventcore.Registry, options eventcore.ExecutorOptions) *Scenario {
	t.Helper()
	store, err := open.Store(t.Context(), "memory:")
	if err != nil {
		t.Fatalf("open a store: %v", err)
	}
	s := &Scenario{t: t, registry: registry, store: &repeating{Store: store}}
	s.executor, err = eventcore.NewExecutor(t.Context(), s.store, registry, options)
	if err != nil {
		t.Fatalf("start an executor: %v", err)
	}
	t.Cleanup(func() {
		t.Helper()
		s.expectLooked()
		s.executor.Close()
		if err := store.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return s
}

// Given appends events with the payloads to the stream, whatever any command would say to it.
func (s *Scenario) Given(stream eventcore.StreamID, payloads ...any) *Scenario {
	s.t.Helper()
	for _, payload := range payloads {
		s.GivenEvent(payload, stream)
	}
	return s
}

// GivenEvent appends one event that belongs to all the streams.
func (s *Scenario) GivenEvent(payload any, streams ...eventcore.StreamID) *Scenario {
	s.t.Helper()
	event, err := s.registry.Encode(payload)
	if err != nil {
		s.t.Fatalf("given %T: %v", payload, err)
	}
	event.ID = uuid.Must(uuid.NewV7())
	event.Payload = nil // commands shall see what comes back from JSON
	for _, stream := range streams {
		event.Streams = append(event.Streams, eventcore.Membership{Stream: stream})
	}
	request := eventcore.AppendRequest{ID: uuid.Must(uuid.NewV7()), Events: []eventcore.Event{event}}
	if _, err := s.store.Store.Append(s.t.Context(), request); err != nil {
		s.t.Fatalf("given %T in %v: %v", payload, streams, err)
	}
	return s
}

// When executes the command. What became of it is for one of the Then methods to say: a refusal that nobody looks at
// fails the test.
func (s *Scenario) When(command eventcore.Command) *Scenario {
	s.t.Helper()
	s.expectLooked()
	s.store.begin()
	receipt, err := s.executor.Execute(s.t.Context(), command)
	if difference := s.store.difference(); difference != "" {
		s.t.Errorf("%T is not pure: on the same states %s", command, difference)
	}
	s.asked, s.looked, s.events, s.err = true, false, receipt.Events, err
	return s
}

func (s *Scenario) expectLooked() {
	s.t.Helper()
	if s.asked && !s.looked && s.err != nil {
		s.t.Errorf("a command was refused, and nothing looks at it: %v", s.err)
	}
}

// Then says that the last command has appended events with exactly these payloads, in this order.
func (s *Scenario) Then(payloads ...any) *Scenario {
	s.t.Helper()
	s.look()
	return s.expect("", s.events, payloads)
}

// ThenIn says that of the events which the last command has appended those that belong to the stream have exactly these
// payloads, in this order. It may be called for several streams.
func (s *Scenario) ThenIn(stream eventcore.StreamID, payloads ...any) *Scenario {
	s.t.Helper()
	s.look()
	var events []eventcore.Event
	for _, event := range s.events {
		if _, belongs := event.VersionIn(stream); belongs {
			events = append(events, event)
		}
	}
	return s.expect(" in "+string(stream), events, payloads)
}

// ThenNothing says that the last command was content and has appended nothing.
func (s *Scenario) ThenNothing() *Scenario {
	s.t.Helper()
	return s.Then()
}

// ThenRefused says that the last command was refused with the error, as errors.Is finds it, and has appended nothing.
func (s *Scenario) ThenRefused(want error) *Scenario {
	s.t.Helper()
	s.look()
	switch {
	case s.err == nil && len(s.events) == 0:
		s.t.Errorf("the command had nothing to do, want a refusal: %v", want)
	case s.err == nil:
		s.t.Errorf("the command was not refused, want: %v\nit appended:%s", want, list(s.events))
	case !errors.Is(s.err, want):
		s.t.Errorf("the command was refused for another reason:\n got %v\nwant %v", s.err, want)
	}
	return s
}

func (s *Scenario) look() {
	s.t.Helper()
	if !s.asked {
		s.t.Fatalf("nothing has happened yet: call When before Then")
	}
	s.looked = true
}
