// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

var (
	// ErrInjected is what an injected failure returns. Nothing was written, as with any error of a store that is
	// neither ErrOutcomeUnknown nor wraps it.
	ErrInjected = errors.New("injected failure")
	// ErrCrashed is what every call returns after a crash. That of the append which crashed wraps ErrOutcomeUnknown too.
	ErrCrashed = errors.New("injected crash: this process is gone")
	// ErrNoResolver is what Resolve returns on a store that cannot.
	ErrNoResolver = fmt.Errorf("the store is no eventcore.Resolver: %w", errors.ErrUnsupported)
	// ErrReplyLost is what the caller of an append gets whose reply is lost, unless FaultOptions say otherwise.
	ErrReplyLost = fmt.Errorf("injected loss of the reply: %w", eventcore.ErrOutcomeUnknown)
)

// Fault is what goes wrong with one append.
type Fault int

const (
	// NoFault lets the append through.
	NoFault Fault = iota
	// SpuriousConflict refuses the append with a conflict that names no stream: a lost race for the head.
	SpuriousConflict
	// Failure refuses the append with ErrInjected.
	Failure
	// LostReply carries the append out, and tells its caller FaultOptions.LostReply whatever came of it.
	LostReply
	// LateAppend tells its caller the same at once, and keeps the append back. It lands later, or never: see Faults.Land.
	LateAppend
	// CrashBefore crashes instead of the append: see Faults.Crash.
	CrashBefore
	// CrashAfter carries the append out, and crashes before its caller hears of it.
	CrashAfter

	faultKinds = iota
)

// FaultOptions say what goes wrong, and when. With the zero value nothing does.
type FaultOptions struct {
	// Seed makes everything that is left to chance: the same calls in the same order meet the same faults.
	Seed uint64
	// First are the faults of the first appends, one each: slices.Repeat([]Fault{SpuriousConflict}, 3).
	First []Fault
	// Chances are the probabilities of faults in the appends that follow; together at most 1.
	Chances map[Fault]float64
	// Landing is the probability that an append kept back lands before the next one. 0 leaves it to Land.
	Landing float64
	// Reads is the probability that a look at the log, at an append's fate or at a read model fails; a Read yields some
	// events first, and a subscription some batches.
	Reads float64
	// Checkpoints is the probability that ReadModel.Update fails: in half of the cases it has been carried out.
	Checkpoints float64
	// MaxLatency bounds a random wait before and after every append and before every look at the log.
	MaxLatency time.Duration
	// Sleep waits for it; on a timer if nil. A test in which time shall not pass may count or yield here.
	Sleep func(ctx context.Context, duration time.Duration) error
	// NoResolver makes Resolve fail: what an Executor sees of a store that is no eventcore.Resolver.
	NoResolver bool
	// LostReply is told in place of a lost reply; ErrReplyLost if nil. A plain connection error breaks the contract of
	// a Store: with it one finds out whether one's tests notice.
	LostReply error
}

// Faults is a store in which things go wrong: what a process sees of its store through a bad network, on a full disk
// and under kill -9. Each Faults stands for one process; several of them on one store stand for several. All methods
// may be called concurrently.
type Faults struct {
	store   eventcore.Store
	options FaultOptions
	crashed chan struct{}

	mu       sync.Mutex
	random   *rand.Rand
	first    []Fault
	injected [faultKinds]int
	late     []eventcore.AppendRequest
	dead     bool
}

var (
	_ eventcore.Store        = (*Faults)(nil)
	_ eventcore.Resolver     = (*Faults)(nil)
	_ eventcore.CommandStore = (*Faults)(nil)
	_ eventcore.Custodian    = (*Faults)(nil)
)

// NewFaults wraps the store.
func NewFaults(store eventcore.Store, options FaultOptions) *Faults {
	if options.LostReply == nil {
		options.LostReply = ErrReplyLost
	}
	if options.Sleep == nil {
		options.Sleep = sleep
	}
	return &Faults{
		store: store, options: options, crashed: make(chan struct{}), first: slices.Clone(options.First),
		random: rand.New(rand.NewPCG(options.Seed, options.Seed)), //nolint:gosec // faults are no secrets.
	}
}

func sleep(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Crash ends this process: every call fails with ErrCrashed from now on, subscriptions end with it, and the replies of
// appends under way are lost. Appends kept back stay so. The store itself lives on, for the next Faults.
func (f *Faults) Crash() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.dead {
		f.dead = true
		close(f.crashed)
	}
}

// Crashed is closed by a crash.
func (f *Faults) Crashed() <-chan struct{} { return f.crashed }

// Injected returns how many appends have met the fault. A test whose faults never came about has tested nothing.
func (f *Faults) Injected(fault Fault) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.injected[fault]
}

// Heal ends all faults from now on, save that of having crashed.
func (f *Faults) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.first = nil
	f.options.Chances, f.options.Landing, f.options.Reads, f.options.Checkpoints = nil, 0, 0, 0
}

// Identity implements eventcore.Store.
func (f *Faults) Identity() eventcore.Identity { return f.store.Identity() }

// Limits implements eventcore.Store.
func (f *Faults) Limits() eventcore.Limits { return f.store.Limits() }

// Close closes the store.
func (f *Faults) Close() error { return f.store.Close() }

// alive returns ErrCrashed after a crash.
func (f *Faults) alive() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return ErrCrashed
	}
	return nil
}

// happens draws whether something of the probability comes about. The option is read under the lock: Heal changes it.
func (f *Faults) happens(probability func(options *FaultOptions) float64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	chance := probability(&f.options)
	return chance > 0 && f.random.Float64() < chance
}

func (f *Faults) drawBelow(limit int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.random.IntN(limit)
}

func (f *Faults) delay(ctx context.Context) error {
	if f.options.MaxLatency <= 0 {
		return nil
	}
	f.mu.Lock()
	duration := time.Duration(f.random.Int64N(int64(f.options.MaxLatency) + 1))
	f.mu.Unlock()
	return f.options.Sleep(ctx, duration)
}
