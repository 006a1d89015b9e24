// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
)

var errNotRead = errors.New("the store could not be read")

const (
	// maxReads is how many reads of cold streams run at once. What is asked for meanwhile shares the next one.
	maxReads = 4
	// maxReadStreams is how many streams share a read, if no single caller wants more.
	maxReadStreams = 64
)

// loader reads the histories of streams. One long history delays only those who share its read.
type loader struct {
	read func(ctx context.Context, query Query) iter.Seq2[Event, error]

	mu      sync.Mutex
	running int
	queue   []*load
}

// load is what one caller wants to be read.
type load struct {
	sinks []sink
	// err is the read's; again says that the one who read gave up, and that it is to be asked for again.
	err   error
	again bool
	// Of one that is queued: done is closed after the read, lead when its caller is to read for all who wait.
	done, lead chan struct{}
}

// sink takes the events of one stream, in their order, until it returns an error. An event may be decoded in place.
type sink struct {
	stream StreamID
	take   func(event *Event) error
	err    error
}

// do reads what is wanted, together with what others want. It returns the read's error; a sink's own stays with it. A
// sink may meet an event again. After an error the sinks may still be written to.
func (l *loader) do(ctx context.Context, sinks ...sink) ([]sink, error) {
	for {
		wanted := &load{sinks: sinks}
		if l.enter(wanted) {
			l.serve(ctx, wanted)
		} else if err := l.wait(ctx, wanted); err != nil {
			return nil, err
		}
		if !wanted.again {
			return wanted.sinks, wanted.err
		}
	}
}

// enter reports whether the load's caller is to read at once, and queues it if not.
func (l *loader) enter(wanted *load) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running == maxReads {
		wanted.done, wanted.lead = make(chan struct{}), make(chan struct{})
		l.queue = append(l.queue, wanted)
		return false
	}
	l.running++
	return true
}

func (l *loader) wait(ctx context.Context, wanted *load) error {
	select {
	case <-wanted.done:
		return nil
	case <-wanted.lead:
		l.serve(ctx, wanted)
		return nil
	case <-ctx.Done():
		l.leave(wanted)
		return ctx.Err()
	}
}

// leave takes the load out of the queue. If its caller was to read, the next one is.
func (l *loader) leave(wanted *load) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = slices.DeleteFunc(l.queue, func(queued *load) bool { return queued == wanted })
	select {
	case <-wanted.lead:
		l.next()
	default:
	}
}

// next passes the right to read on. The caller holds mu.
func (l *loader) next() {
	if len(l.queue) == 0 {
		l.running--
		return
	}
	close(l.queue[0].lead)
	l.queue = slices.Delete(l.queue, 0, 1)
}

// serve reads for the caller, who is the one that ctx belongs to, and for those who wait.
func (l *loader) serve(ctx context.Context, own *load) {
	loads := l.take(own)
	err := errNotRead // a store that panics must not leave anybody waiting
	defer func() { l.finish(ctx, loads, err) }()
	err = l.run(ctx, loads)
}

func (l *loader) finish(ctx context.Context, loads []*load, err error) {
	for i, one := range loads {
		one.err, one.again = err, i > 0 && err != nil && ctx.Err() != nil
		if one.done != nil {
			close(one.done)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next()
}

// take returns the load and those that share its read.
func (l *loader) take(own *load) []*load {
	l.mu.Lock()
	defer l.mu.Unlock()
	loads, streams := []*load{own}, len(own.sinks)
	for _, queued := range l.queue {
		if streams += len(queued.sinks); streams > maxReadStreams {
			break
		}
		loads = append(loads, queued)
	}
	l.queue = slices.Delete(l.queue, 0, len(loads)-1)
	return loads
}

// run reads the streams of the loads once, and hands every event to the sinks of its streams.
func (l *loader) run(ctx context.Context, loads []*load) error {
	sinks, open := gather(loads)
	streams := make([]StreamID, 0, open)
	for _, s := range sinks {
		if !slices.Contains(streams, s.stream) {
			streams = append(streams, s.stream)
		}
	}
	for event, err := range l.read(ctx, Query{Filter: Filter{Streams: streams}}) {
		if err != nil {
			return err
		}
		if open -= deliver(&event, sinks); open == 0 {
			return nil
		}
	}
	return nil
}

func gather(loads []*load) (sinks []*sink, count int) {
	for _, one := range loads {
		count += len(one.sinks)
	}
	sinks = make([]*sink, 0, count)
	for _, one := range loads {
		for i := range one.sinks {
			sinks = append(sinks, &one.sinks[i])
		}
	}
	return sinks, count
}

// deliver returns how many of the sinks want nothing more from now on.
func deliver(event *Event, sinks []*sink) int {
	closed := 0
	for _, s := range sinks {
		if s.err != nil {
			continue
		}
		if _, wanted := event.VersionIn(s.stream); !wanted {
			continue
		}
		if s.err = s.take(event); s.err != nil {
			closed++
		}
	}
	return closed
}
