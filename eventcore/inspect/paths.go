// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/eventcore/order-operator/eventcore"
)

// Indexed is implemented by a Store that keeps an index of streams beside its events, which may differ from them.
type Indexed interface {
	// Index yields what the index holds up to the head, and what it holds beyond the last event that there is: events
	// with nothing but a position and one of their streams. Those of one stream are in the order of positions.
	Index(ctx context.Context, head eventcore.Position) iter.Seq2[eventcore.Event, error]
}

// path is a way to the events of a stream other than the log, and what it means if the two differ.
type path struct{ missing, foreign, version string }

var (
	reading = path{
		missing: "it belongs to the stream as version %d, but reading the stream does not find it: commands decide without it",
		foreign: "reading the stream finds it, but it does not belong to the stream: commands take it for a fact of theirs",
		version: "it is version %d in the log, and %d when the stream is read",
	}
	index = path{
		missing: "it belongs to the stream as version %d, but is not in the index of streams",
		foreign: "it is in the index of streams, but the log has no such event of the stream",
		version: "it is version %d in the log, and %d in the index of streams: commands are guarded by that",
	}
)

// checkStreams reads every stream, and compares it with what the log says of it. So it does with the index.
func (c *checker) checkStreams(ctx context.Context) error {
	const phase = "read the streams"
	indexed, err := c.readIndex(ctx)
	if err != nil {
		return fmt.Errorf("read the index of streams: %w", err)
	}
	for i, stream := range slices.Sorted(maps.Keys(c.streams)) {
		if i%progressEvery == 0 {
			c.options.Progress(phase, i, len(c.streams))
		}
		if stream.Validate() != nil {
			continue // it was reported, and can't be asked for
		}
		if err := c.checkStream(ctx, stream, indexed); err != nil {
			return fmt.Errorf("read stream %s: %w", stream, err)
		}
	}
	c.options.Progress(phase, len(c.streams), len(c.streams))
	return nil
}

// checkStream looks further only where a sum differs. What is not in the index is not found by reading either: that is
// told once.
func (c *checker) checkStream(
	ctx context.Context, stream eventcore.StreamID, indexed map[eventcore.StreamID]*streamHead,
) error {
	found := streamHead{}
	for event, err := range read(ctx, c.store, stream, c.report.Head) {
		if err != nil {
			return err
		}
		version, _ := event.VersionIn(stream)
		found.add(event.Position, version)
	}
	logged := *c.streams[stream]
	switch {
	case found != logged:
		return c.explain(ctx, reading, stream, read(ctx, c.store, stream, c.report.Head))
	case indexed != nil && (indexed[stream] == nil || *indexed[stream] != logged):
		entries := c.store.(Indexed).Index(ctx, c.report.Head)
		return c.explain(ctx, index, stream, upTo(members(entries, stream), c.report.Head))
	}
	return nil
}

// readIndex sums up what the index says of each stream, and reports what the log does not know at all. It returns nil
// for a store without an index.
func (c *checker) readIndex(ctx context.Context) (map[eventcore.StreamID]*streamHead, error) {
	store, ok := c.store.(Indexed)
	if !ok {
		return nil, nil
	}
	heads := make(map[eventcore.StreamID]*streamHead, len(c.streams))
	for entry, err := range store.Index(ctx, c.report.Head) {
		if err != nil {
			return nil, err
		}
		for _, membership := range entry.Streams {
			if c.streams[membership.Stream] == nil || entry.Position > c.report.Head {
				c.found(Memberships, entry.Position, membership.Stream, "%s", index.foreign)
				continue
			}
			head := heads[membership.Stream]
			if head == nil {
				head = &streamHead{}
				heads[membership.Stream] = head
			}
			head.add(entry.Position, membership.Version)
		}
	}
	return heads, nil
}

// explain compares the stream, as the path leads to it, with the log, event by event.
func (c *checker) explain(
	ctx context.Context, by path, stream eventcore.StreamID, events iter.Seq2[eventcore.Event, error],
) error {
	before := c.report.count()
	if before >= c.options.MaxViolations {
		c.report.Omitted++ // each look costs a reading of the log, and nobody would see what it finds
		return nil
	}
	logged := upTo(members(c.store.Read(ctx, eventcore.Query{}), stream), c.report.Head)
	err := c.merge(by, stream, logged, events)
	if err == nil && before == c.report.count() {
		c.found(Memberships, 0, stream, "it differed from the log when it was read, and does so no more")
	}
	return err
}

// merge walks through both, which are in the order of positions, and compares what they have.
func (c *checker) merge(by path, stream eventcore.StreamID, inOrder, alongPath iter.Seq2[eventcore.Event, error]) error {
	log, stop := pull(inOrder)
	defer stop()
	found, stop := pull(alongPath)
	defer stop()
	log.next()
	found.next()
	for log.more || found.more {
		inLog := log.more && (!found.more || log.event.Position <= found.event.Position)
		inPath := found.more && (!log.more || found.event.Position <= log.event.Position)
		c.compare(by, stream, log.event, found.event, inLog, inPath)
		if inLog {
			log.next()
		}
		if inPath {
			found.next()
		}
	}
	return errors.Join(log.err, found.err)
}

// compare reports how one position of a stream differs.
func (c *checker) compare(by path, stream eventcore.StreamID, logged, found eventcore.Event, inLog, inPath bool) {
	inLogAs, _ := logged.VersionIn(stream)
	foundAs, belongs := found.VersionIn(stream)
	switch {
	case !inPath:
		c.found(Memberships, logged.Position, stream, by.missing, inLogAs)
	case !inLog || !belongs:
		c.found(Memberships, found.Position, stream, "%s", by.foreign)
	case inLogAs != foundAs:
		c.found(Memberships, found.Position, stream, by.version, inLogAs, foundAs)
	}
}

// members leaves out events that do not belong to the stream.
func members(
	events iter.Seq2[eventcore.Event, error], stream eventcore.StreamID,
) iter.Seq2[eventcore.Event, error] {
	return func(yield func(eventcore.Event, error) bool) {
		for event, err := range events {
			if _, belongs := event.VersionIn(stream); (belongs || err != nil) && !yield(event, err) {
				return
			}
		}
	}
}

// cursor pulls events one by one. An error ends them.
type cursor struct {
	pull  func() (eventcore.Event, error, bool)
	event eventcore.Event
	more  bool
	err   error
}

func pull(events iter.Seq2[eventcore.Event, error]) (c *cursor, stop func()) {
	next, stop := iter.Pull2(events)
	return &cursor{pull: next}, stop
}

func (c *cursor) next() {
	event, err, more := c.pull()
	c.event, c.err, c.more = event, err, more && err == nil
}
