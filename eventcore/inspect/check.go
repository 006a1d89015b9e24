// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
)

// Check reads the whole history up to the head of now and reports what is wrong: positions rise, without gaps unless
// Sparse; the versions of each stream follow one another; every event is found through each of its streams, and no
// other is, nor in an index of streams (Indexed); ids are unique; events have the form that they must have. It can't
// tell that a payload was replaced by another one, nor that the last events of a SQLite file were deleted before its
// index had them.
//
// It reads every event once in the order of positions and once for each of its streams. It keeps a few words for each
// stream, and for the ids 8 bytes an event up to 128 MiB. The error is that of reading, also of a row that a store
// can't decode: violations are in the Report.
func Check(ctx context.Context, store eventcore.Store, options Options) (Report, error) {
	head, err := store.Head(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("check: read the head: %w", err)
	}
	c := &checker{
		store: store, options: options.withDefaults(), report: Report{Head: head},
		streams: map[eventcore.StreamID]*streamHead{}, ids: newIDs(head),
	}
	for _, phase := range []func(context.Context) error{c.checkLog, c.checkIDs, c.checkStreams} {
		if err := phase(ctx); err != nil {
			return c.report, fmt.Errorf("check: %w", err)
		}
	}
	return c.report, nil
}

type checker struct {
	store   eventcore.Store
	options Options
	report  Report
	streams map[eventcore.StreamID]*streamHead
	ids     *ids
}

// streamHead sums up what the log says of a stream.
type streamHead struct {
	version eventcore.Version
	events  int
	// sum is a hash of the positions and versions.
	sum uint64
}

func (h *streamHead) add(position eventcore.Position, version eventcore.Version) {
	const odd = 0x9e3779b97f4a7c15
	h.version = max(h.version, version)
	h.events++
	h.sum = (h.sum^uint64(position))*odd ^ uint64(version)
	h.sum ^= h.sum >> 29
}

func (c *checker) found(kind Kind, position eventcore.Position, stream eventcore.StreamID, format string, args ...any) {
	if len(c.report.Violations) >= c.options.MaxViolations {
		c.report.Omitted++
		return
	}
	c.report.Violations = append(c.report.Violations, Violation{
		Kind: kind, Position: position, Stream: stream, Detail: fmt.Sprintf(format, args...),
	})
}

// log calls each for every event up to the head.
func (c *checker) log(ctx context.Context, phase string, each func(event *eventcore.Event)) error {
	total := int(c.report.Head) //nolint:gosec // it counts events.
	done := 0
	for event, err := range upTo(c.store.Read(ctx, eventcore.Query{}), c.report.Head) {
		if err != nil {
			return fmt.Errorf("%s: after %d events: %w", phase, done, err)
		}
		each(&event)
		if done++; done%progressEvery == 0 {
			c.options.Progress(phase, done, total)
		}
	}
	c.options.Progress(phase, done, total)
	return nil
}

func (c *checker) checkLog(ctx context.Context) error {
	last := eventcore.Position(0)
	err := c.log(ctx, "read the log", func(event *eventcore.Event) {
		c.report.Events++
		c.checkPosition(last, event.Position)
		last = max(last, event.Position)
		c.checkForm(event)
		c.checkVersions(event)
		c.ids.add(event.ID)
		if c.options.Registry != nil {
			if err := c.options.Registry.Decode(event); err != nil {
				c.found(Unreadable, event.Position, "", "%v", err)
			}
		}
	})
	if err == nil && last < c.report.Head && !c.options.Sparse {
		c.found(Order, last, "", "the log ends here, and the head is said to be at %d: the last events are missing", c.report.Head)
	}
	c.report.Streams = len(c.streams)
	return err
}

func (c *checker) checkPosition(last, position eventcore.Position) {
	switch {
	case position <= last:
		c.found(Order, position, "", "it comes after position %d: positions must rise", last)
	case position > last+1 && !c.options.Sparse:
		c.found(Order, position, "", "it comes right after position %d: what lay between is missing", last)
	}
}

func (c *checker) checkForm(event *eventcore.Event) {
	if event.Type == "" || event.SchemaVersion < 1 {
		c.found(Form, event.Position, "", "type %q version %d: it needs a name, and a version from 1 on",
			event.Type, event.SchemaVersion)
	}
	if event.ID == uuid.Nil {
		c.found(Form, event.Position, "", "it has no id")
	}
	if !json.Valid(event.Data) {
		c.found(Form, event.Position, "", "its data is no JSON: nothing can read it")
	}
	if len(event.Streams) == 0 {
		c.found(Form, event.Position, "", "it belongs to no stream: no command or state will ever see it")
	}
}

func (c *checker) checkVersions(event *eventcore.Event) {
	for i, membership := range event.Streams {
		stream := membership.Stream
		same := func(m eventcore.Membership) bool { return m.Stream == stream }
		if slices.ContainsFunc(event.Streams[:i], same) {
			c.found(Form, event.Position, stream, "it belongs to the stream twice")
			continue
		}
		head := c.streams[stream]
		if head == nil {
			if err := stream.Validate(); err != nil {
				c.found(Form, event.Position, stream, "%v", err)
			}
			head = &streamHead{}
			c.streams[stream] = head
		}
		switch {
		case membership.Version <= head.version:
			c.found(Versions, event.Position, stream, "version %d comes after version %d: versions must rise",
				membership.Version, head.version)
		case membership.Version != head.version+1 && !c.options.Sparse:
			c.found(Versions, event.Position, stream, "version %d comes right after version %d: an event of the stream is missing",
				membership.Version, head.version)
		}
		head.add(event.Position, membership.Version)
	}
}
