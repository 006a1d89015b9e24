// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/payment/stripe"
	"github.com/eventcore/order-operator/test/stripefake"
)

var actions = []engine.Action{engine.Charge, engine.Authorize, engine.Capture, engine.Void, engine.Refund}

// paid is what the customer has paid after the action, with what came before it.
var paid = map[engine.Action]int64{engine.Charge: 1000, engine.Authorize: 0, engine.Capture: 1000, engine.Void: 0, engine.Refund: 0}

// unpaid is what he has paid if the action did not happen.
var unpaid = map[engine.Action]int64{engine.Charge: 0, engine.Authorize: 0, engine.Capture: 0, engine.Void: 0, engine.Refund: 1000}

// decisive is the request to Stripe that makes the action happen.
var decisive = map[engine.Action]stripefake.Operation{
	engine.Charge: stripefake.Confirm, engine.Authorize: stripefake.Confirm, engine.Capture: stripefake.Capture,
	engine.Void: stripefake.Cancel, engine.Refund: stripefake.Refunding,
}

// TestTheProviderKeepsItsContract tests the contract of engine.Provider, clause by clause, for every action. witness is
// another provider on the same account, as another process has it.
func TestTheProviderKeepsItsContract(t *testing.T) {
	t.Parallel()
	for _, clause := range []struct {
		name string
		test func(s, witness shop, action engine.Action)
	}{
		{"the same key gives the first answer again", replays},
		{"the same key gives the first answer again after Stripe has forgotten it", replaysForEver},
		{"the same key happens once, however many ask at once", agrees},
		{"a key that nobody used is not found", findsNothing},
		{"a key is fenced before it is seen", fencesTheUnseen},
		{"a fence comes too late for what has happened", isTooLate},
		{"what was done but not answered is found and replayed", outlivesLostReplies},
		{"what was lost on its way did not happen and can be fenced", outlivesLostRequests},
		{"a request that arrives after its fence does nothing", fencesTheLate},
		{"what was done before Stripe went down is found when it is back", outlivesTheServer},
		{"a call whose context has ended does nothing", respectsContext},
	} {
		for _, action := range actions {
			t.Run(string(action)+": "+clause.name, func(t *testing.T) {
				t.Parallel()
				s := open(t)
				witness := s
				witness.Provider = provider(s.fake.URL, stripefake.SecretKey)
				clause.test(s, witness, action)
			})
		}
	}
}

func replays(s, witness shop, action engine.Action) {
	request := s.request(action, "key")
	first := s.does(request)
	if again := witness.does(request); again != first {
		s.Errorf("the same key made %+v of %+v", again, first)
	}
	if found := witness.finds(request); found == nil || *found != first {
		s.Errorf("found %+v of %+v", found, first)
	}
	if first.Amount != usd(1000) || first.Reference == "" {
		s.Errorf("the movement is %+v", first)
	}
	s.keeps(paid[action])
}

func replaysForEver(s, witness shop, action engine.Action) {
	request := s.request(action, "key")
	first := s.does(request)
	s.fake.Advance(s, 25*time.Hour)
	if again := witness.does(request); again != first {
		s.Errorf("a day later the same key made %+v of %+v", again, first)
	}
	s.keeps(paid[action])
}

func agrees(s, witness shop, action engine.Action) {
	request := s.request(action, "key")
	movements := make([]engine.Movement, 8)
	var running sync.WaitGroup
	for i := range movements {
		one := s
		if i%2 == 1 {
			one = witness
		}
		running.Go(func() { movements[i], _ = one.Do(s.Context(), request) })
	}
	running.Wait()
	for _, movement := range movements {
		if movement != movements[0] || movement.Reference == "" {
			s.Fatalf("the same key made %+v", movements)
		}
	}
	s.keeps(paid[action])
}

func findsNothing(s, _ shop, action engine.Action) {
	request := s.request(action, "key")
	if found := s.finds(request); found != nil {
		s.Errorf("found %+v", found)
	}
	s.does(s.request(action, "other"))
	if found := s.finds(request); found != nil {
		s.Errorf("after another one, found %+v", found)
	}
}

func fencesTheUnseen(s, witness shop, action engine.Action) {
	request := s.request(action, "key")
	s.fences(request)
	witness.fences(request)
	s.isRefused(request, calls.CodeFenced)
	witness.isRefused(request, calls.CodeFenced)
	if found := witness.finds(request); found != nil {
		s.Errorf("found %+v", found)
	}
	s.keeps(unpaid[action])
}

func isTooLate(s, witness shop, action engine.Action) {
	request := s.request(action, "key")
	first := s.does(request)
	if err := witness.Cancel(s.Context(), request); !errors.Is(err, stripe.ErrDone) {
		s.Errorf("the fence of what has happened returned %v", err)
	}
	if found := s.finds(request); found == nil || *found != first {
		s.Errorf("found %+v of %+v", found, first)
	}
	s.keeps(paid[action])
}

func outlivesLostReplies(s, _ shop, action engine.Action) {
	for _, fault := range []stripefake.Fault{
		stripefake.LoseReply, stripefake.BreakAfter, stripefake.Garbage, stripefake.Empty, stripefake.Endless,
	} {
		s.Run(string(fault), func(t *testing.T) {
			s := open(t)
			witness := s
			witness.Provider = provider(s.fake.URL, stripefake.SecretKey)
			request := s.request(action, "key")
			s.fake.Mistreat(t, decisive[action], fault, 1)
			s.isOpen(request)
			found := witness.finds(request)
			if found == nil {
				t.Fatal("it was not found")
			}
			if fault != stripefake.BreakAfter { // the error is what Stripe replays
				if replayed := s.does(request); replayed != *found {
					t.Errorf("%+v was found, and %+v replayed", found, replayed)
				}
			}
			s.keeps(paid[action])
		})
	}
}

func outlivesLostRequests(s, witness shop, action engine.Action) {
	for _, fault := range []stripefake.Fault{stripefake.LoseRequest, stripefake.Break, stripefake.KeyInUse, stripefake.Redirect} {
		request := s.request(action, "key "+string(fault))
		s.fake.Mistreat(s, decisive[action], fault, 1)
		s.isOpen(request)
		if found := witness.finds(request); found != nil {
			s.Errorf("%s: found %+v", fault, found)
		}
		witness.fences(request)
		s.isRefused(request, calls.CodeFenced)
	}
}

func fencesTheLate(s, witness shop, action engine.Action) {
	request := s.request(action, "key")
	s.fake.Mistreat(s, decisive[action], stripefake.Hold, 1)
	s.isOpen(request)
	if found := witness.finds(request); found != nil {
		s.Fatalf("found %+v", found)
	}
	witness.fences(request)
	next := request
	next.Key = "next"
	if action == engine.Void || action == engine.Refund {
		witness.does(next) // the next generation has come first
	}
	s.fake.Release(s)
	want := unpaid[action]
	if action == engine.Refund {
		want = 0
	}
	s.keeps(want)
	s.isRefused(request, calls.CodeFenced)
	s.keeps(want)
}

func outlivesTheServer(s, _ shop, action engine.Action) {
	request := s.request(action, "key")
	s.fake.Mistreat(s, decisive[action], stripefake.LoseReply, 1)
	s.isOpen(request)
	s.fake.Kill()
	_, err := provider(s.fake.URL, stripefake.SecretKey).Do(s.Context(), request)
	if !errors.Is(err, calls.ErrUnavailable) {
		s.Errorf("without Stripe it returned %v", err)
	}
	s.fake = stripefake.Start(s, s.path)
	s.Provider = provider(s.fake.URL, stripefake.SecretKey)
	found := s.finds(request)
	if found == nil {
		s.Fatal("it was not found")
	}
	if replayed := s.does(request); replayed != *found {
		s.Errorf("%+v was found, and %+v replayed", found, replayed)
	}
	s.keeps(paid[action])
}

func respectsContext(s, _ shop, action engine.Action) {
	request := s.request(action, "key")
	ended, end := context.WithCancel(s.Context())
	end()
	if movement, err := s.Do(ended, request); !errors.Is(err, context.Canceled) {
		s.Errorf("after the end of its context it returned %+v, %v", movement, err)
	}
	if found := s.finds(request); found != nil {
		s.Errorf("found %+v", found)
	}
	s.fake.Mistreat(s, decisive[action], stripefake.Hang, 1)
	underWay, end := context.WithCancel(s.Context())
	answered := make(chan error)
	go func() {
		_, err := s.Do(underWay, request)
		answered <- err
	}()
	for s.mistreated() == 0 { // until the request hangs
		runtime.Gosched()
	}
	end()
	if err := <-answered; !errors.Is(err, context.Canceled) || errors.Is(err, calls.ErrUnavailable) || ledgertest.Code(err) != "" {
		s.Errorf("at the end of its context it returned %v", err)
	}
}

// mistreated counts the requests that met a fault.
func (s shop) mistreated() (count int) {
	s.Helper()
	for _, request := range s.fake.Ledger(s).Requests {
		if request.Fault != "" {
			count++
		}
	}
	return count
}
