// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"time"
)

// Commit tells ExecutorOptions.Committed of one attempt to commit a batch.
type Commit struct {
	// Events are 0 where only reads were validated.
	Commands, Events int
	// Took is how long the store took, and Err its error: after ErrConflict the commands are decided again.
	Took time.Duration
	Err  error
}

// Stats are the figures of an Executor. They count from NewExecutor on.
type Stats struct {
	// CacheHits counts the states that were in memory, CacheMisses those that had to be read from the store.
	CacheHits, CacheMisses uint64
	// CachedStreams is how many streams have a state in memory.
	CachedStreams int
	// Halted is why nothing is executed any more: ErrRolledBack, or nil.
	Halted error
}

// Stats returns the executor's figures of now.
func (e *Executor) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Stats{
		CacheHits: e.cache.hits, CacheMisses: e.cache.misses, CachedStreams: len(e.cache.streams), Halted: e.halted,
	}
}

// appendObserved appends the batch's request, and tells who observes.
func (e *Executor) appendObserved(ctx context.Context, commands int, request AppendRequest) (Appended, error) {
	if e.options.Committed == nil {
		return e.append(ctx, request)
	}
	began := e.options.Clock()
	appended, err := e.append(ctx, request)
	e.options.Committed(Commit{
		Commands: commands, Events: len(request.Events), Took: e.options.Clock().Sub(began), Err: err,
	})
	return appended, err
}

// executeObserved is perform between the two calls of who observes.
func (e *Executor) executeObserved(ctx context.Context, r *request) (Receipt, error) {
	done := e.options.Executing(ctx, &r.metadata)
	receipt, err := e.perform(ctx, r)
	if done != nil {
		done(receipt, err)
	}
	return receipt, err
}
