// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

// yieldInstead lets others run where time would pass.
func yieldInstead(context.Context, time.Duration) error {
	runtime.Gosched()
	return nil
}

// everything is all that can go wrong with a store that keeps its contract.
func everything(seed uint64) storetest.FaultOptions {
	return storetest.FaultOptions{
		Seed: seed, Landing: 0.3, Reads: 0.05, MaxLatency: time.Millisecond, Sleep: yieldInstead,
		Chances: map[storetest.Fault]float64{
			storetest.SpuriousConflict: 0.1, storetest.Failure: 0.05, storetest.LostReply: 0.05, storetest.LateAppend: 0.05,
			storetest.CrashBefore: 0.01, storetest.CrashAfter: 0.01,
		},
	}
}

// world is what processes run in. A nil hook changes nothing.
type world struct {
	faults func(seed uint64) storetest.FaultOptions
	// store and executor put something broken between the faults, the executor and its callers.
	store    func(store eventcore.Store) eventcore.Store
	executor func(executor executing, log eventcore.Store) executing
	// insisting callers execute a command under its id until they are told what became of it.
	insisting bool
}

func (w *world) run(t *testing.T, p *process, id string, command eventcore.Command) (eventcore.Receipt, error) {
	t.Helper()
	if !w.insisting {
		return p.running(t).Execute(t.Context(), command, eventcore.WithMetadata(eventcore.Metadata{CommandID: id}))
	}
	for tries := 0; ; tries++ {
		receipt, err := p.running(t).Execute(t.Context(), command, eventcore.WithCommandID(id))
		if err == nil || errors.Is(err, errInsufficientFunds) || tries == 100 {
			return receipt, err
		}
	}
}

// process is one of several that share a store. After a crash it starts again.
type process struct {
	world world
	store eventcore.Store
	seed  uint64

	mu       sync.Mutex
	starts   uint64
	faults   *storetest.Faults
	executor *eventcore.Executor
	injected map[storetest.Fault]int
}

func (p *process) running(t *testing.T) executing {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.faults != nil {
		select {
		case <-p.faults.Crashed():
			p.stop()
		default:
		}
	}
	for p.executor == nil {
		p.starts++
		p.faults = storetest.NewFaults(p.store, p.world.faults(p.seed<<8+p.starts))
		var store eventcore.Store = p.faults
		if p.world.store != nil {
			store = p.world.store(store)
		}
		// The first look at the head may fail; the process is started once more then.
		p.executor, _ = eventcore.NewExecutor(t.Context(), store, bank, eventcore.ExecutorOptions{CachedStreams: 2})
	}
	if p.world.executor != nil {
		return p.world.executor(p.executor, p.store)
	}
	return p.executor
}

// stop ends the process and counts what it met.
func (p *process) stop() {
	p.executor.Close()
	for fault := storetest.NoFault; fault <= storetest.CrashAfter; fault++ {
		p.injected[fault] += p.faults.Injected(fault)
	}
	p.executor = nil
}

// play has clients of two processes run random commands against one store, and returns what they were told, the log
// and how often each fault came about.
func play(t *testing.T, seed uint64, w world) (*ledger, []eventcore.Event, map[storetest.Fault]int) {
	t.Helper()
	const clients, commands = 6, 40
	store, book := memory.New(memory.Options{}), &ledger{}
	processes := make([]*process, 2)
	for i := range processes {
		processes[i] = &process{world: w, store: store, seed: seed<<1 + uint64(i), injected: map[storetest.Fault]int{}}
	}
	var group sync.WaitGroup
	for client := range clients {
		random := rand.New(rand.NewPCG(seed, uint64(client)))
		group.Go(func() {
			for number := range commands {
				id := fmt.Sprintf("client %d, command %d", client, number)
				command := randomCommand(random)
				book.call(t, store, id, command, func() (eventcore.Receipt, error) {
					return w.run(t, processes[client%2], id, command)
				})
			}
		})
	}
	group.Wait()
	injected := map[storetest.Fault]int{}
	for _, p := range processes {
		p.stop()
		p.faults.Land(t.Context())
		for fault, count := range p.injected {
			injected[fault] += count
		}
	}
	return book, storedEvents(t, store), injected
}

func randomCommand(random *rand.Rand) eventcore.Command {
	from := random.IntN(3)
	amount := random.Int64N(20)
	switch random.IntN(4) {
	case 0:
		return deposit(amount, account(from))
	case 1:
		return withdraw(amount, account(from))
	case 2:
		return &look{account: account(from)}
	default:
		return Transfer{From: account(from), To: account((from + 1 + random.IntN(2)) % 3), Amount: amount}
	}
}
