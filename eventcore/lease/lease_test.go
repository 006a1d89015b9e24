// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package lease_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/lease"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

// brittle is a store whose read models fail while broken is set.
type brittle struct {
	eventcore.Store
	broken atomic.Pointer[error]
}

var errConnection = errors.New("no connection")

func (s *brittle) ReadModel(name string) (eventcore.ReadModel, error) {
	model, err := s.Store.ReadModel(name)
	return &brittleModel{ReadModel: model, store: s}, err
}

type brittleModel struct {
	eventcore.ReadModel
	store *brittle
}

func (m *brittleModel) Update(ctx context.Context, from, to eventcore.Position, changes []eventcore.Change) error {
	if err := m.store.broken.Load(); err != nil {
		return *err
	}
	return m.ReadModel.Update(ctx, from, to, changes)
}

func options(holder string) lease.Options {
	return lease.Options{Name: "balances", Holder: holder, Duration: 15 * time.Second}
}

// hold holds the lease in its own goroutine and reports when it has it, and what Hold returns.
func hold(ctx context.Context, store eventcore.Store, o lease.Options) (acquired chan *lease.Lease, ended chan error) {
	acquired, ended = make(chan *lease.Lease, 1), make(chan error, 1)
	go func() {
		ended <- lease.Hold(ctx, store, o, func(ctx context.Context, held *lease.Lease) error {
			acquired <- held
			<-ctx.Done()
			return context.Cause(ctx)
		})
	}()
	return acquired, ended
}

// end ends what hold has begun.
func end(t *testing.T, cancel func(), ended <-chan error) {
	t.Helper()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Hold returned %v, want what the work returned", err)
	}
}

func TestAStandbyTakesOverWhenTheHolderEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory.New(memory.Options{})
		first, stop := context.WithCancel(t.Context())
		acquired, ended := hold(first, store, options("one"))
		held := <-acquired
		second, cancel := context.WithCancel(t.Context())
		waiting, waited := hold(second, store, options("two"))
		time.Sleep(time.Hour) // of the bubble's clock
		select {
		case <-waiting:
			t.Fatal("two processes hold the lease")
		default:
		}
		if err := held.Check(t.Context()); err != nil {
			t.Errorf("the holder: %v", err)
		}
		began := time.Now()
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the first ended with %v", err)
		}
		<-waiting
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("the standby took over after %v, want at its next look", took)
		}
		if err := held.Check(t.Context()); !errors.Is(err, lease.ErrLost) {
			t.Errorf("the old holder: %v, want ErrLost", err)
		}
		end(t, cancel, waited)
	})
}

func TestAHolderThatCannotRenewIsStoppedAndReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := memory.New(memory.Options{})
		store := &brittle{Store: shared}
		acquired, ended := hold(t.Context(), store, options("one"))
		held := <-acquired
		standby, cancel := context.WithCancel(t.Context())
		waiting, waited := hold(standby, shared, options("two"))
		time.Sleep(time.Minute)
		synctest.Wait()
		store.broken.Store(&errConnection)
		began := time.Now()
		err := <-ended
		if took := time.Since(began); !errors.Is(err, lease.ErrLost) || !errors.Is(err, errConnection) || took > 21*time.Second {
			t.Errorf("ended with %v after %v, want ErrLost and why when the lease has expired", err, took)
		}
		if err := held.Check(t.Context()); !errors.Is(err, lease.ErrLost) {
			t.Errorf("the holder: %v, want ErrLost", err)
		}
		<-waiting
		end(t, cancel, waited)
	})
}

func TestAHolderThatSleptTooLongIsToldByTheNextOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory.New(memory.Options{})
		stopped := options("one")
		began := time.Now()
		stopped.Clock = func() time.Time { return began } // this process believes that no time passes
		acquired, ended := hold(t.Context(), store, stopped)
		held := <-acquired
		standby, cancel := context.WithCancel(t.Context())
		waiting, waited := hold(standby, store, options("two"))
		<-waiting
		if err := held.Check(t.Context()); !errors.Is(err, lease.ErrLost) {
			t.Errorf("the old holder: %v, want ErrLost", err)
		}
		if err := <-ended; !errors.Is(err, lease.ErrLost) {
			t.Errorf("it ended with %v, want ErrLost", err)
		}
		end(t, cancel, waited)
	})
}

func TestAProcessThatCrashedGetsItsLeaseBackAtOnce(t *testing.T) {
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	for range 3 {
		err := lease.Hold(t.Context(), store, options("one"), func(ctx context.Context, _ *lease.Lease) error {
			// The same name again, as after a crash: the old life is over.
			return lease.Hold(ctx, store, options("one"), func(ctx context.Context, held *lease.Lease) error {
				return held.Check(ctx)
			})
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestWhoWaitsInVainIsToldWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &brittle{Store: memory.New(memory.Options{})}
		store.broken.Store(&errConnection)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := lease.Hold(ctx, store, options("one"), nil)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errConnection) {
			t.Errorf("got %v, want the deadline and the store's error", err)
		}
	})
}

func TestALeaseNeedsNames(t *testing.T) {
	store := memory.New(memory.Options{})
	if err := lease.Hold(t.Context(), store, lease.Options{Name: "a"}, nil); err == nil {
		t.Error("a lease without a holder was taken")
	}
	err := lease.Hold(t.Context(), store, lease.Options{Name: "a*", Holder: "one"}, nil)
	if !errors.Is(err, eventcore.ErrInvalidStreamID) {
		t.Errorf("got %v, want ErrInvalidStreamID", err)
	}
}
