// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/eventcore/order-operator/eventcore"
)

func TestACommandNeedsMoreStreamsThanFitIntoTheCache(t *testing.T) {
	executor := newExecutor(t, newStore(), eventcore.ExecutorOptions{CachedStreams: 2})
	collect := handle(func(b *eventcore.Boundary) error {
		sum := int64(0)
		for i := range 20 {
			sum += eventcore.Load[Account](b, account(i)).Balance
		}
		eventcore.Load[Account](b, "sum")
		return b.Append(Deposited{Amount: sum}, "sum")
	})
	for i := range 20 {
		execute(t, executor, deposit(int64(i), account(i)))
	}
	execute(t, executor, collect)
	wantBalance(t, executor, "sum", 190)
}

func TestATinyCacheKeepsResultsRight(t *testing.T) {
	const accounts, callers, transfers = 30, 16, 50
	store := newStore()
	options := eventcore.ExecutorOptions{CachedStreams: 3}
	processes := []*eventcore.Executor{newExecutor(t, store, options), newExecutor(t, store, options)}
	for i := range accounts {
		execute(t, processes[0], deposit(100, account(i)))
	}
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for range transfers {
				from, to := random.IntN(accounts), random.IntN(accounts-1)
				if to >= from {
					to++
				}
				command := Transfer{From: account(from), To: account(to), Amount: random.Int64N(80)}
				_, err := processes[i%2].Execute(t.Context(), command)
				if err != nil && !errors.Is(err, errInsufficientFunds) {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	sum := int64(0)
	for i := range accounts {
		has := balance(t, processes[i%2], account(i))
		if has < 0 {
			t.Errorf("%s has %d", account(i), has)
		}
		sum += has
	}
	if sum != accounts*100 {
		t.Errorf("the sum is %d, want %d", sum, accounts*100)
	}
}

// TestAnyCommandsAddUpToWhatAPlainModelSays runs random commands in random processes, of which some come and go with
// cold or tiny caches, and compares every answer and every balance with a map.
func TestAnyCommandsAddUpToWhatAPlainModelSays(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		store := newStore()
		model := map[eventcore.StreamID]int64{}
		processes := make([]*eventcore.Executor, 3)
		open := func(i int) {
			if processes[i] != nil {
				processes[i].Close()
			}
			options := eventcore.ExecutorOptions{CachedStreams: rapid.IntRange(1, 4).Draw(r, "cache")}
			processes[i] = newExecutor(t, store, options)
		}
		for i := range processes {
			open(i)
		}
		accounts := rapid.Map(rapid.IntRange(0, 4), account)
		amounts := rapid.Int64Range(0, 50)
		process := rapid.IntRange(0, len(processes)-1)
		refuse := func(of eventcore.StreamID, amount int64) bool { return model[of] < amount }
		run := func(r *rapid.T, command eventcore.Command, refused bool) {
			receipt, err := processes[process.Draw(r, "process")].Execute(t.Context(), command)
			if refused != errors.Is(err, errInsufficientFunds) || !refused && (err != nil || len(receipt.Events) != 1) {
				r.Fatalf("%+v: got %v and %d events, want refused: %v", command, err, len(receipt.Events), refused)
			}
		}
		r.Repeat(map[string]func(*rapid.T){
			"deposit": func(r *rapid.T) {
				c := deposit(amounts.Draw(r, "amount"), accounts.Draw(r, "to"))
				run(r, c, false)
				model[c.Account] += c.Amount
			},
			"withdraw": func(r *rapid.T) {
				c := withdraw(amounts.Draw(r, "amount"), accounts.Draw(r, "of"))
				refused := refuse(c.Account, c.Amount)
				run(r, c, refused)
				if !refused {
					model[c.Account] -= c.Amount
				}
			},
			"transfer": func(r *rapid.T) {
				c := Transfer{amounts.Draw(r, "amount"), accounts.Draw(r, "from"), accounts.Draw(r, "to")}
				if c.From == c.To {
					r.Skip("nothing to transfer")
				}
				refused := refuse(c.From, c.Amount)
				run(r, c, refused)
				if !refused {
					model[c.From] -= c.Amount
					model[c.To] += c.Amount
				}
			},
			"restart": func(r *rapid.T) { open(process.Draw(r, "process")) },
			"": func(r *rapid.T) {
				of := accounts.Draw(r, "viewed")
				snapshot, err := eventcore.View[Account](t.Context(), processes[process.Draw(r, "process")], of)
				if err != nil || snapshot.State.Balance != model[of] {
					r.Fatalf("%s has %d, %v, want %d", of, snapshot.State.Balance, err, model[of])
				}
			},
		})
		for _, p := range processes {
			p.Close()
		}
	})
}

// lid is settled once there is a deposit.
type lid struct{ shut bool }

func (l lid) Apply(eventcore.StreamID, *eventcore.Event) lid { return lid{shut: true} }

func (l lid) Settled() bool { return l.shut }

// A program has a few open streams and any number of those that have come to their end: the latter must not fill the
// memory, nor drive out the former.
func TestSettledStatesAreForgottenFirst(t *testing.T) {
	store := &faulty{Store: newStore()}
	reads := map[eventcore.StreamID]int{}
	store.onRead = func(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
		for _, stream := range query.Filter.Streams {
			reads[stream]++
		}
		return store.Store.Read(ctx, query)
	}
	executor := newExecutor(t, store, eventcore.ExecutorOptions{CachedStreams: 128})
	view := func(stream eventcore.StreamID, shut bool) {
		snapshot, err := eventcore.View[lid](t.Context(), executor, stream)
		if err != nil || snapshot.State.shut != shut {
			t.Fatalf("%s: %+v, %v, want shut: %t", stream, snapshot, err, shut)
		}
	}
	view("open", false)
	for i := range 100 {
		execute(t, executor, handle(func(b *eventcore.Boundary) error {
			eventcore.Load[lid](b, account(i))
			return b.Append(Deposited{Amount: 1}, account(i))
		}))
	}
	clear(reads)
	view("open", false)
	if len(reads) != 0 {
		t.Errorf("read again: %v", reads)
	}
	view(account(0), true)
	if reads[account(0)] != 1 {
		t.Errorf("the settled stream was read %d times: it was kept", reads[account(0)])
	}
}

func TestManyStatesOfOneStreamAreKeptApart(t *testing.T) {
	executor := newExecutor(t, newStore())
	for i := range 5 {
		receipt := execute(t, executor, handle(func(b *eventcore.Boundary) error {
			count := eventcore.Load[counter](b, "anna")
			sum := eventcore.Load[Account](b, "anna")
			if int64(count)*10 != sum.Balance {
				return fmt.Errorf("%d deposits of 10 add up to %d", count, sum.Balance)
			}
			return b.Append(Deposited{Amount: 10}, "anna")
		}))
		if receipt.Attempts != 1 {
			t.Errorf("command %d took %d attempts", i, receipt.Attempts)
		}
	}
}

func TestAnExecutorNeverChangesAnEventThatOthersHold(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store)
	var held []eventcore.Event
	store.onAppend = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		appended, err := store.Store.Append(ctx, request)
		for i := range appended.Events {
			appended.Events[i].Payload = nil // as a store may that hands on what it reads
		}
		held = appended.Events
		return appended, err
	}
	execute(t, executor, deposit(5, "anna"))
	if held[0].Payload != nil {
		t.Error("the event was decoded in place")
	}
	wantBalance(t, executor, "anna", 5)
}
