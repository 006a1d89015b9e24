// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"errors"
	"fmt"

	"github.com/eventcore/order-operator/eventcore"
)

// ErrDamaged says that a history breaks a promise of eventcore.Store: see Report.
var ErrDamaged = errors.New("the history is damaged")

// ErrDiffers says that a copy is not what was copied.
var ErrDiffers = errors.New("the copy differs")

// Kind is what a Violation is about.
type Kind string

// The kinds of violations.
const (
	// Order is a position that does not rise, or leaves a gap where there must be none.
	Order Kind = "Order"
	// Form is an event that no store may hold: without a type, an id or a stream, or data that is no JSON.
	Form Kind = "Form"
	// Versions is a version of a stream that does not follow the one before.
	Versions Kind = "Versions"
	// Memberships is an event that is found through a stream and does not belong to it, or the reverse.
	Memberships Kind = "Memberships"
	// IDs is an event id that occurs twice.
	IDs Kind = "IDs"
	// Unreadable is an event that Options.Registry can't decode.
	Unreadable Kind = "Unreadable"
)

// Violation is one thing that is wrong.
type Violation struct {
	Kind     Kind
	Position eventcore.Position
	// Stream is empty where none is concerned.
	Stream eventcore.StreamID
	Detail string
}

// String is a sentence for people.
func (v Violation) String() string {
	if v.Stream == "" {
		return fmt.Sprintf("%s: position %d: %s", v.Kind, v.Position, v.Detail)
	}
	return fmt.Sprintf("%s: position %d, stream %s: %s", v.Kind, v.Position, v.Stream, v.Detail)
}

// Report is what Check has found.
type Report struct {
	// Head is the position up to which the history was checked, Events and Streams how many there are.
	Head            eventcore.Position
	Events, Streams int
	// Violations are the first that were found. Omitted counts more, of streams that differ from the log one each.
	Violations []Violation
	Omitted    int
}

// Err returns nil if nothing was found, and otherwise an error that wraps ErrDamaged and tells the first violation.
func (r Report) Err() error {
	if len(r.Violations) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d violations, the first: %v", ErrDamaged, r.count(), r.Violations[0])
}

func (r Report) count() int { return len(r.Violations) + r.Omitted }

// Options configure Check and Copy. The zero value suits the stores of this module.
type Options struct {
	// Registry, if given, must decode every event.
	Registry *eventcore.Registry
	// Sparse allows gaps between positions and between the versions of a stream, as a replicated log has them.
	Sparse bool
	// MaxViolations bounds Report.Violations; 100 if 0.
	MaxViolations int
	// Progress is called now and then with what is being done, and how much of it.
	Progress func(phase string, done, total int)
}

// progressEvery is the number of events, or streams, between two calls of Options.Progress.
const progressEvery = 10_000

func (o Options) withDefaults() Options {
	if o.MaxViolations <= 0 {
		o.MaxViolations = 100
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	return o
}
