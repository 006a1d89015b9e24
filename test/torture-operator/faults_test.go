// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tortureoperator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// fault breaks something and, after a while, mends it.
type fault struct {
	name   string
	strike func(ctx context.Context, w *world, random *rand.Rand) error
}

var (
	crashAPIServer = fault{"the API server crashed", func(ctx context.Context, w *world, random *rand.Rand) error {
		return w.crash(ctx, w.apiServer.Kill, w.apiServer.Restart, random)
	}}
	crashEtcd = fault{"etcd crashed", func(ctx context.Context, w *world, random *rand.Rand) error {
		return w.crash(ctx, w.etcd.Kill, w.etcd.Restart, random)
	}}
	crashProvider = fault{"the provider crashed", func(ctx context.Context, w *world, random *rand.Rand) error {
		return w.crash(ctx, w.provider.Kill, w.provider.Restart, random)
	}}
	crashPostgres = fault{"PostgreSQL crashed", func(ctx context.Context, w *world, random *rand.Rand) error {
		return w.crash(ctx, w.killPostgres, w.restartPostgres, random)
	}}
	stopManager = fault{"a manager was stopped past its lease", func(ctx context.Context, w *world, random *rand.Rand) error {
		return w.keepers[random.IntN(len(w.keepers))].stopped(ctx, leaseDuration+time.Second)
	}}
	fillDisk = fault{"the disk was full", func(ctx context.Context, w *world, random *rand.Rand) error {
		return w.keepers[0].withoutSpace(ctx, w.folder, outage(random))
	}}
)

// outage is how long something is away.
func outage(random *rand.Rand) time.Duration {
	return 100*time.Millisecond + time.Duration(random.Int64N(int64(2*time.Second)))
}

// crash kills something, and starts it again in any case.
func (w *world) crash(
	ctx context.Context, kill func() error, restart func(context.Context) error, random *rand.Rand,
) error {
	if err := kill(); err != nil {
		return err
	}
	away := time.NewTimer(outage(random))
	defer away.Stop()
	select {
	case <-away.C:
	case <-ctx.Done():
	}
	return restart(context.WithoutCancel(ctx))
}

func (w *world) killPostgres() error {
	w.postgres.Crash()
	return nil
}

func (w *world) restartPostgres(context.Context) error { return w.postgres.Restart() }

// stopped lets the manager, if there is one just now, wake up after the span.
func (k *keeper) stopped(ctx context.Context, span time.Duration) error {
	return k.during(ctx, span, func(pid int) error { return syscall.Kill(pid, syscall.SIGSTOP) },
		func(pid int) error { return syscall.Kill(pid, syscall.SIGCONT) })
}

// withoutSpace lets none of the manager's files grow beyond what the write-ahead log has.
func (k *keeper) withoutSpace(ctx context.Context, folder string, span time.Duration) error {
	log, err := os.Stat(filepath.Join(folder, "events.db-wal"))
	if errors.Is(err, os.ErrNotExist) {
		return nil // nobody has written since the last one closed the file
	}
	if err != nil {
		return err
	}
	size := uint64(log.Size())
	limit := func(current uint64) func(pid int) error {
		return func(pid int) error {
			return unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: current, Max: unix.RLIM_INFINITY}, nil)
		}
	}
	return k.during(ctx, span, limit(size), limit(unix.RLIM_INFINITY))
}

// during does something to the manager's process and takes it back. The process may end meanwhile.
func (k *keeper) during(ctx context.Context, span time.Duration, do, undo func(pid int) error) error {
	pid, running := k.pid()
	if !running {
		return nil
	}
	if err := do(pid); err != nil {
		return gone(err)
	}
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return gone(undo(pid))
}

func gone(err error) error {
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// tally counts faults.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (t *tally) add(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	t.counts[name]++
}

// String lists the counts.
func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(t.counts)) {
		parts = append(parts, fmt.Sprintf("%s: %d", name, t.counts[name]))
	}
	return strings.Join(parts, ", ")
}
