// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package torturestore

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
)

// What an audit may find.
const (
	lost         = "lost"
	duplicated   = "duplicated"
	gaps         = "gaps"
	skipped      = "skipped by a live reader"
	lostConflict = "lost conflicts"
)

var verdicts = []string{lost, duplicated, gaps, skipped, lostConflict}

// findings counts what is wrong, and keeps the first of each kind.
type findings struct {
	count map[string]int
	first map[string]string
}

func newFindings() findings {
	return findings{count: map[string]int{}, first: map[string]string{}}
}

func (f findings) add(verdict, format string, arguments ...any) {
	if f.count[verdict]++; f.count[verdict] == 1 {
		f.first[verdict] = fmt.Sprintf(format, arguments...)
	}
}

// audit reads a log event by event and remembers where every command is.
type audit struct {
	findings

	// missing is what a hole in the positions means: gaps in the log, or events that a reader skipped.
	missing  string
	head     eventcore.Position
	last     uuid.UUID
	versions map[eventcore.StreamID]eventcore.Version
	values   map[int]int            // of the counters
	places   [][]eventcore.Position // of each writer's commands, by their numbers from 1
}

func newAudit(missing string, writers int, after eventcore.Position) *audit {
	return &audit{
		findings: newFindings(), missing: missing, head: after, versions: map[eventcore.StreamID]eventcore.Version{},
		values: map[int]int{}, places: make([][]eventcore.Position, writers),
	}
}

func (a *audit) read(event *eventcore.Event) {
	if event.Position != a.head+1 {
		a.add(a.missing, "position %d follows %d", event.Position, a.head)
	}
	a.head, a.last = event.Position, event.ID
	for _, m := range event.Streams {
		a.versions[m.Stream]++
		if m.Version != a.versions[m.Stream] {
			a.add(a.missing, "position %d is version %d of %s, want %d", event.Position, m.Version, m.Stream, a.versions[m.Stream])
			a.versions[m.Stream] = m.Version
		}
	}
	own := *event // shared with whoever else reads
	own.Payload = nil
	if err := registry.Decode(&own); err != nil {
		a.add(lost, "position %d: %v", event.Position, err)
		return
	}
	a.enter(event.Position, own.Payload.(Incremented))
}

func (a *audit) enter(position eventcore.Position, event Incremented) {
	places := &a.places[event.Writer]
	switch want := len(*places) + 1; {
	case event.Seq < want:
		a.add(duplicated, "position %d: command %d of writer %d is also at %d",
			position, event.Seq, event.Writer, (*places)[event.Seq-1])
		return
	case event.Seq > want:
		a.add(lost, "position %d: command %d of writer %d, but %d is not there", position, event.Seq, event.Writer, want)
		*places = append(*places, make([]eventcore.Position, event.Seq-want)...)
	}
	*places = append(*places, position)
	for _, step := range event.Steps {
		if step.From != a.values[step.Counter] {
			a.add(lostConflict, "position %d: counter %d is raised from %d, but it is %d",
				position, step.Counter, step.From, a.values[step.Counter])
		}
		a.values[step.Counter]++
	}
}

// compare holds what the writers were told against the log: the position of each command, 0 where it was only found to
// have happened. Once all writers have ended in peace the log has nothing more.
func (a *audit) compare(told [][]eventcore.Position) {
	for writer, positions := range told {
		places := a.places[writer]
		for i, position := range positions {
			if i >= len(places) || position != 0 && places[i] != position {
				a.add(lost, "command %d of writer %d was acknowledged at %d", i+1, writer, position)
			}
		}
		if len(places) > len(positions) {
			a.add(duplicated, "writer %d: %d commands are in the log, %d were executed", writer, len(places), len(positions))
		}
	}
}

// agree says that a reader who followed has seen the same log to its end.
func (a *audit) agree(live *audit) {
	same := slices.EqualFunc(a.places, live.places, slices.Equal[[]eventcore.Position])
	if a.head != live.head || a.last != live.last || !same {
		a.add(skipped, "the live reader ended at %d, the log at %d", live.head, a.head)
	}
	for verdict, count := range live.count {
		a.add(verdict, "the live reader: %s", live.first[verdict])
		a.count[verdict] += count - 1
	}
}
