// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"sync"
	"time"
)

// poller looks at the head for other processes' events, while there are subscribers. Its goroutine ends before the
// last subscriber returns.
type poller struct {
	interval time.Duration

	mu          sync.Mutex
	subscribers int
	stop        context.CancelFunc
	stopped     chan struct{}
}

func (p *poller) join(store *Store) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.subscribers++
	if p.subscribers > 1 {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	p.stop, p.stopped = stop, stopped
	go func() {
		defer close(stopped)
		p.run(ctx, store)
	}()
}

func (p *poller) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.subscribers--
	if p.subscribers > 0 {
		return
	}
	p.stop()
	<-p.stopped
}

func (p *poller) run(ctx context.Context, store *Store) {
	ticker := time.NewTicker(p.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			// An error has nobody to go to here, and the next look may do better. Close ends the subscriptions.
			_, _ = store.Head(ctx)
		}
	}
}
