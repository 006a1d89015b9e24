// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package torturestore

import (
	"fmt"
	"math/rand/v2"

	"github.com/eventcore/order-operator/eventcore"
)

const (
	// counters is how many streams all writers share at a time.
	counters = 8
	// perEra is after how many appends others take their place, and perStream how many commands a writer's stream holds:
	// a process that starts has to read the streams that it needs, and it has not got long.
	perEra    = 4_000
	perStream = 500
)

// Incremented says that a writer has raised some counters by one, each from the value that it had read.
type Incremented struct {
	Writer int    `json:"writer"`
	Seq    int    `json:"seq"`
	Steps  []Step `json:"steps"`
}

// Step is one counter's part. A lost conflict shows as two steps from the same value.
type Step struct {
	Counter int `json:"counter"`
	From    int `json:"from"`
}

var registry = eventcore.NewRegistry(eventcore.Type[Incremented]("Incremented", 1))

// Counter is the value of one counter.
type Counter struct{ Value int }

// Apply implements eventcore.State.
func (c Counter) Apply(eventcore.StreamID, *eventcore.Event) Counter { return Counter{c.Value + 1} }

// Writer is the number of a writer's last command that has happened.
type Writer struct{ Last int }

// Apply implements eventcore.State.
func (w Writer) Apply(_ eventcore.StreamID, event *eventcore.Event) Writer {
	return Writer{event.Payload.(Incremented).Seq}
}

// Increment is a writer's command with that number. Executed again it finds that it has happened, and does nothing: as
// with a saga, what makes it happen once is the fold.
type Increment struct {
	Run    string
	Era    int
	Writer int
	Seq    int
}

func counterStream(run string, counter int) eventcore.StreamID {
	return eventcore.StreamID(fmt.Sprintf("torture-%s-counter-%d", run, counter))
}

func (c Increment) writerStream() eventcore.StreamID {
	return eventcore.StreamID(fmt.Sprintf("torture-%s-writer-%d-%d", c.Run, c.Writer, (c.Seq-1)/perStream))
}

// counters returns one or two counters of the era, always the same for the same command.
func (c Increment) counters() []int {
	random := rand.New(rand.NewPCG(uint64(c.Writer), uint64(c.Seq)))
	chosen := random.Perm(counters)
	for i := range chosen {
		chosen[i] += c.Era * counters
	}
	return chosen[:1+random.IntN(2)]
}

// ReadStreams implements eventcore.Command.
func (c Increment) ReadStreams() []eventcore.StreamID {
	streams := []eventcore.StreamID{c.writerStream()}
	for _, counter := range c.counters() {
		streams = append(streams, counterStream(c.Run, counter))
	}
	return streams
}

// Handle implements eventcore.Command.
func (c Increment) Handle(b *eventcore.Boundary) error {
	switch last := eventcore.Load[Writer](b, c.writerStream()).Last; {
	case last == c.Seq:
		return nil
	case last != c.Seq-1 && (last != 0 || (c.Seq-1)%perStream != 0):
		return fmt.Errorf("writer %d: command %d comes after %d", c.Writer, c.Seq, last)
	}
	event := Incremented{Writer: c.Writer, Seq: c.Seq}
	for _, counter := range c.counters() {
		value := eventcore.Load[Counter](b, counterStream(c.Run, counter)).Value
		event.Steps = append(event.Steps, Step{Counter: counter, From: value})
	}
	return b.Append(event, c.ReadStreams()...)
}
