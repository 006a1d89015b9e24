// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// maxRounds is how often a command may be prepared while it discovers streams.
const maxRounds = 8

// ExecutorOptions configure an Executor. The zero value is a sensible default.
type ExecutorOptions struct {
	// AppendOnly are the streams that every command may append to and none may load: aggregates of all events
	// of a service, which would otherwise serialise every decision and grow for ever.
	AppendOnly []StreamID
	// Clock stamps Event.RecordedAt; time.Now if nil.
	Clock func() time.Time
	// Random makes event ids; crypto/rand if nil. It is read by one goroutine at a time, and ahead. An error from it
	// panics: without fresh ids there is no safe way on.
	Random io.Reader
	// CachedStreams is how many streams' states are kept in memory besides those of commands on their way; 65,536 if 0.
	// Of those whose states are settled, a 32nd of that is kept: see Settler.
	CachedStreams int
	// MaxBatch is how many commands are committed together at most; 256 if 0.
	MaxBatch int
	// QueueLength is how many commands may wait for the decision loop before Execute blocks; 1,024 if 0.
	QueueLength int
	// MaxAttempts is how often a command is decided at most while other processes change its streams; 256 if 0.
	MaxAttempts int
	// Committed is told of each attempt to commit, while no command is decided: it must be quick. nil is nobody.
	Committed func(Commit)
	// Executing is called when Execute begins and may complete the metadata; what it returns, if not nil, when
	// Execute ends. nil is nobody.
	Executing func(ctx context.Context, metadata *Metadata) (done func(Receipt, error))
	// Gather is called before the commands that wait are collected for a batch, so that more of them may come: whoever
	// waits a while here trades latency for commits. It is runtime.Gosched if nil, which costs nothing and suits
	// nearly everybody.
	Gather func()
}

func (o ExecutorOptions) withDefaults() ExecutorOptions {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	o.CachedStreams = orDefault(o.CachedStreams, 65_536)
	o.MaxBatch = orDefault(o.MaxBatch, 256)
	o.QueueLength = orDefault(o.QueueLength, 1_024)
	// Whoever has lost a race has more to do for the next one, reading the tail: dozens may be lost in a row.
	o.MaxAttempts = orDefault(o.MaxAttempts, 256)
	if o.Gather == nil {
		o.Gather = runtime.Gosched
	}
	return o
}

func orDefault(value, fallback int) int {
	if value <= 0 {
		return fallback
	}
	return value
}

// Executor runs commands against a store. They are decided one after another, on states in memory, and committed in
// batches: they never conflict with each other. What other processes write is found at the commit, and the batch is
// decided again. All methods may be called concurrently.
type Executor struct {
	store      Store
	registry   *Registry
	options    ExecutorOptions
	appendOnly map[StreamID]struct{}
	queue      chan *request
	requests   sync.Pool // of requests nobody uses
	loader     loader
	// callers counts those who are in Execute.
	callers atomic.Int64
	// lead holds a token for whoever decides: the loop, or a caller who is alone.
	lead chan struct{}
	// What the leader uses again for every batch.
	batch   batch
	drained []*request
	random  *bufio.Reader
	id      uuid.UUID
	// unsettled is an append that may have landed, or may still: see settle.
	unsettled *AppendRequest

	closing  chan struct{}
	closed   sync.Once
	finished chan struct{}

	mu    sync.Mutex
	cache *stateCache
	// head is the position up to which the cache is current.
	head Position
	// halted is what ended all work, or nil: see halt.
	halted error
	// moving is true while somebody moves head, from before an append until its events are in the cache. Who waits
	// for the end of it makes moved, which is closed then: see takeTurn.
	moving bool
	moved  chan struct{}
}

// NewExecutor returns an executor on the store, which is closed after it.
func NewExecutor(ctx context.Context, store Store, registry *Registry, options ExecutorOptions) (*Executor, error) {
	options = options.withDefaults()
	head, err := store.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the store's head: %w", err)
	}
	e := &Executor{
		store:      store,
		registry:   registry,
		options:    options,
		appendOnly: make(map[StreamID]struct{}, len(options.AppendOnly)),
		queue:      make(chan *request, options.QueueLength),
		requests:   sync.Pool{New: newRequest},
		loader:     loader{read: store.Read},
		lead:       make(chan struct{}, 1),
		random:     bufio.NewReaderSize(options.Random, 1024),
		closing:    make(chan struct{}),
		finished:   make(chan struct{}),
		cache:      newStateCache(options.CachedStreams),
		head:       head,
	}
	for _, stream := range options.AppendOnly {
		if err := stream.Validate(); err != nil {
			return nil, fmt.Errorf("append-only stream: %w", err)
		}
		e.appendOnly[stream] = struct{}{}
	}
	e.lead <- struct{}{}
	go e.loop()
	return e, nil
}

// Close ends the decision loop. Commands that it has not taken yet are answered ErrClosed. It returns when the last
// batch is answered, and may be called again.
func (e *Executor) Close() {
	e.closed.Do(func() { close(e.closing) })
	<-e.finished
}

// Receipt tells what a command did.
type Receipt struct {
	// Position is that of the command's last event, or for a command without events a position at which its reads
	// were found current, at or after all that it saw.
	Position Position
	// Events are what the command appended, with positions and versions; empty if it had nothing to do.
	Events []Event
	// Attempts counts how often the command was decided, from 1; 0 if it was executed before, under its id.
	Attempts int
}

// Version returns the stream's version after the command, and false if the command appended nothing to it.
func (r Receipt) Version(stream StreamID) (Version, bool) {
	for i := len(r.Events) - 1; i >= 0; i-- {
		if version, ok := r.Events[i].VersionIn(stream); ok {
			return version, true
		}
	}
	return 0, false
}

// ExecuteOption changes one execution of a command.
type ExecuteOption func(*request)

// WithMetadata records where the command came from with its events. CommandType is set by the executor.
func WithMetadata(metadata Metadata) ExecuteOption {
	return func(r *request) { r.metadata = metadata }
}

// Execute decides the command and commits its events together with its reads' validation. The error is what
// Handle refused with; or ErrAppendOnly, ErrNotLoaded, ErrUnknownType, ErrTooLarge, ErrDiscoveryDepth or ErrPanic
// for a command that is wrong; ErrCommandReused; ErrContention; ErrRolledBack; ErrClosed; ctx's error if that came
// first; or the store's. Only ErrOutcomeUnknown leaves open whether something was appended.
func (e *Executor) Execute(ctx context.Context, command Command, options ...ExecuteOption) (Receipt, error) {
	r := e.request(command, options)
	defer e.free(r)
	e.callers.Add(1)
	defer e.callers.Add(-1)
	if e.options.Executing != nil {
		return e.executeObserved(ctx, r)
	}
	return e.perform(ctx, r)
}

func (e *Executor) perform(ctx context.Context, r *request) (Receipt, error) {
	if r.identified {
		return e.once(ctx, r)
	}
	a := e.execute(ctx, r)
	return a.receipt, a.err
}

// execute passes the request through the loop until nothing is missing.
func (e *Executor) execute(ctx context.Context, r *request) answer {
	command := r.command
	ready, err := e.holds(command.ReadStreams())
	if err != nil {
		return answer{err: err}
	}
	if ready {
		if a := e.submit(ctx, r); !a.missed {
			return a
		}
	}
	p := e.newPreparation(ctx)
	defer p.release()
	p.readAhead(command.ReadStreams())
	for range maxRounds {
		if err := p.run(command); err != nil {
			return answer{err: err}
		}
		if a := e.submit(ctx, r); !a.missed {
			return a
		}
	}
	return answer{err: fmt.Errorf("%w (%d)", ErrDiscoveryDepth, maxRounds)}
}
