// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tortureoperator

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/eventcore/order-operator/test/harness"
)

// readyPatience is how long a manager is left to start before it is killed, or not, though it cannot be ready while what
// it needs is away.
const readyPatience = 15 * time.Second

// keeper keeps one manager running: it kills it now and then, and starts another one whenever it has ended.
type keeper struct {
	options harness.ManagerOptions
	// life is how long a manager lives at most after it is ready.
	life time.Duration

	mu      sync.Mutex
	manager *harness.Manager
	kills   int
	ended   int // by themselves
}

// run kills until ctx ends. Then a manager may be there, or not.
func (k *keeper) run(ctx context.Context, t *testing.T, random *rand.Rand) {
	t.Helper()
	for ctx.Err() == nil {
		k.keep(ctx, t)
		if !k.rest(ctx, random) {
			continue // it has ended by itself
		}
		if ctx.Err() != nil {
			return
		}
		switch err := k.current().Kill(); {
		case err == nil:
			k.count(&k.kills)
		case !errors.Is(err, harness.ErrExited):
			t.Error(err)
			return
		}
	}
}

// keep starts a manager if there is none, and gives it time to be ready.
func (k *keeper) keep(ctx context.Context, t *testing.T) {
	t.Helper()
	if _, running := k.pid(); running {
		return
	}
	manager, err := harness.StartManager(k.options)
	if err != nil {
		t.Error(err)
		return
	}
	t.Cleanup(func() { _ = manager.Kill() })
	k.mu.Lock()
	k.manager = manager
	k.mu.Unlock()
	starting, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	_ = manager.WaitReady(starting) // what it needs may be away
}

// rest waits for a moment of the manager's life, and reports whether it still lives.
func (k *keeper) rest(ctx context.Context, random *rand.Rand) bool {
	timer := time.NewTimer(k.life/5 + time.Duration(random.Int64N(int64(k.life)*4/5)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-k.current().Exited():
		k.count(&k.ended)
		return false
	}
	return true
}

func (k *keeper) current() *harness.Manager {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.manager
}

func (k *keeper) count(counter *int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	*counter++
}

// pid returns the manager's, and false if none is running.
func (k *keeper) pid() (int, bool) {
	manager := k.current()
	if manager == nil {
		return 0, false
	}
	select {
	case <-manager.Exited():
		return 0, false
	default:
		return manager.PID(), true
	}
}
