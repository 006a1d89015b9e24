// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package torturestore

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/open"
)

const (
	processes = 2
	writers   = 16 // of all processes
	progress  = 5 * time.Second
	patience  = time.Minute
)

func TestNothingIsLostWhenProcessesAreKilledAgainAndAgain(t *testing.T) {
	tt := newTorture(t)
	live := newReader(t, tt.store, tt.after)
	tt.run(live)
	head, err := tt.store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !live.reach(head) {
		t.Errorf("the live reader has not reached %d within %s", head, patience)
	}
	final := newAudit(gaps, writers, tt.after)
	for event, err := range tt.store.Read(t.Context(), eventcore.Query{After: tt.after}) {
		if err != nil {
			t.Fatal(err)
		}
		final.read(&event)
	}
	final.compare(tt.told())
	final.agree(live.stop())
	tt.compareCounters(final)
	tt.report(final)
}

// torture is one run.
type torture struct {
	t         *testing.T
	id        string
	store     eventcore.Store
	after     eventcore.Position
	processes []*process
	kills     int
	spared    int
	took      time.Duration
}

func newTorture(t *testing.T) *torture {
	t.Helper()
	name := *dsn
	if name == "" {
		name = "sqlite:" + filepath.Join(t.TempDir(), "events.db")
	}
	store, err := open.Store(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	tt := &torture{t: t, id: uuid.NewString()[:8], store: store}
	if tt.after, err = store.Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range processes {
		each := writers / processes
		tt.processes = append(tt.processes, &process{
			orders: orders{DSN: name, Run: tt.id, FirstWriter: i * each}, told: make([][]eventcore.Position, each),
			failures: map[string]int{},
		})
	}
	return tt
}

// run starts the processes, kills one of them at every tick, and ends when enough is done.
func (tt *torture) run(live *reader) {
	t := tt.t
	t.Helper()
	for _, p := range tt.processes {
		if err := p.start(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	duration := *limit
	if testing.Short() {
		duration = min(duration, 3*time.Second)
	}
	start, reported := time.Now(), time.Now()
	ticker := time.NewTicker(*every)
	defer ticker.Stop()
	for done := 0; done < *appends && time.Since(start) < duration; done = tt.acknowledged() {
		<-ticker.C
		tt.killOne()
		if time.Since(reported) >= progress {
			reported = time.Now()
			t.Logf("%s: %d appends, %d kills, the live reader is at %d",
				time.Since(start).Round(time.Second), tt.acknowledged(), tt.kills, live.position()-tt.after)
		}
	}
	tt.took = time.Since(start)
	for i, p := range tt.processes {
		if err := p.stop(); err != nil {
			t.Errorf("process %d ended with %v", i, err)
		}
	}
}

// killOne kills the processes in turn. One that has done nothing since its start is spared, or nothing would get done on
// a slow machine.
func (tt *torture) killOne() {
	tt.t.Helper()
	number := (tt.kills + tt.spared) % len(tt.processes)
	p := tt.processes[number]
	if !p.working() {
		tt.spared++
		return
	}
	tt.kills++
	if err := p.kill(); err != nil {
		tt.t.Fatalf("process %d: %v", number, err)
	}
	if err := p.start(tt.t.Context(), tt.acknowledged()/perEra); err != nil {
		tt.t.Fatal(err)
	}
}

func (tt *torture) acknowledged() int {
	sum := 0
	for _, p := range tt.processes {
		sum += p.acknowledged()
	}
	return sum
}

// told returns what all writers have said. The processes have ended.
func (tt *torture) told() [][]eventcore.Position {
	var all [][]eventcore.Position
	for _, p := range tt.processes {
		all = append(all, p.told...)
	}
	return all
}

// compareCounters asks an executor for what the audit has added up.
func (tt *torture) compareCounters(final *audit) {
	t := tt.t
	t.Helper()
	executor, err := eventcore.NewExecutor(t.Context(), tt.store, registry, eventcore.ExecutorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer executor.Close()
	for counter, want := range final.values {
		snapshot, err := eventcore.View[Counter](t.Context(), executor, counterStream(tt.id, counter))
		if err != nil {
			t.Fatal(err)
		}
		if snapshot.State.Value != want {
			final.add(lostConflict, "counter %d is %d, raised %d times", counter, snapshot.State.Value, want)
		}
	}
}

func (tt *torture) report(final *audit) {
	t := tt.t
	t.Helper()
	done, found, failures := 0, 0, map[string]int{}
	for _, p := range tt.processes {
		done, found = done+p.done, found+p.found
		p.countFailures(failures)
	}
	t.Logf("%d appends acknowledged in %s: %.0f/s, with %d writers in %d processes on %T",
		done+found, tt.took.Round(time.Millisecond), float64(done+found)/tt.took.Seconds(), writers, processes, tt.store)
	t.Logf("%d kills; %d times a process that had done nothing yet was spared; "+
		"%d appends had happened although their process died before it could say so", tt.kills, tt.spared, found)
	for reason, count := range failures {
		t.Logf("executed again %d times: %s", count, reason)
	}
	for _, verdict := range verdicts {
		t.Logf("%d %s", final.count[verdict], verdict)
		if final.count[verdict] > 0 {
			t.Errorf("%d %s, first: %s", final.count[verdict], verdict, final.first[verdict])
		}
	}
	if done+found == 0 || tt.kills == 0 {
		t.Errorf("%d appends and %d kills prove nothing", done+found, tt.kills)
	}
}

// reader follows the store while the others append.
type reader struct {
	cancel context.CancelFunc
	ended  chan struct{}
	news   chan struct{}

	mu    sync.Mutex
	audit *audit
}

func newReader(t *testing.T, store eventcore.Store, after eventcore.Position) *reader {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &reader{
		cancel: cancel, ended: make(chan struct{}), news: make(chan struct{}, 1), audit: newAudit(skipped, writers, after),
	}
	go func() {
		defer close(r.ended)
		for batch, err := range store.Subscribe(ctx, after, eventcore.Filter{}) {
			if err != nil {
				if ctx.Err() == nil {
					t.Errorf("the live reader: %v", err)
				}
				return
			}
			r.take(batch.Events)
		}
	}()
	return r
}

func (r *reader) take(events []eventcore.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range events {
		r.audit.read(&events[i])
	}
	select {
	case r.news <- struct{}{}:
	default:
	}
}

func (r *reader) position() eventcore.Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.audit.head
}

// reach waits until the reader is at the position.
func (r *reader) reach(position eventcore.Position) bool {
	late := time.After(patience)
	for r.position() < position {
		select {
		case <-r.news:
		case <-late:
			return false
		}
	}
	return true
}

func (r *reader) stop() *audit {
	r.cancel()
	<-r.ended
	return r.audit
}
