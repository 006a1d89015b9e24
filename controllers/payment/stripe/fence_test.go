// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe_test

import (
	"errors"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/payment/stripe"
	"github.com/eventcore/order-operator/test/stripefake"
)

// held returns a request that is still on its way to Stripe.
func (s shop) held(action engine.Action) engine.Request {
	s.Helper()
	request := s.request(action, "held")
	s.fake.Mistreat(s, decisive[action], stripefake.Hold, 1)
	s.isOpen(request)
	return request
}

func TestAMarkAloneIsNoFenceOfACapture(t *testing.T) {
	s := open(t)
	request := s.held(engine.Capture)
	s.fake.Mistreat(t, stripefake.Cancel, stripefake.LoseRequest, 1)
	if err := s.Cancel(t.Context(), request); err == nil {
		t.Error("it was fenced with a mark")
	}
	s.fences(request)
	s.fake.Release(t)
	s.keeps(0)
}

func TestACaptureThatComesBetweenTheMarkAndTheCancellationIsFound(t *testing.T) {
	s := open(t)
	request := s.held(engine.Capture)
	s.fake.Mistreat(t, stripefake.Cancel, stripefake.Overtake, 1)
	if err := s.Cancel(t.Context(), request); err == nil {
		t.Error("it was fenced after it had happened")
	}
	if s.finds(request) == nil {
		t.Error("it was not found")
	}
	if err := s.Cancel(t.Context(), request); !errors.Is(err, stripe.ErrDone) {
		t.Errorf("the second fence returned %v", err)
	}
	s.does(request)
	s.keeps(1000)
}

func TestAChargeThatComesBeforeItsFenceIsFound(t *testing.T) {
	s := open(t)
	request := s.held(engine.Charge)
	s.fake.Mistreat(t, stripefake.Cancel, stripefake.Overtake, 1)
	if err := s.Cancel(t.Context(), request); err == nil {
		t.Error("it was fenced after it had happened")
	}
	if s.finds(request) == nil {
		t.Error("it was not found")
	}
	s.keeps(1000)
}

func TestAnAuthorisationThatComesBeforeItsFenceIsGivenBack(t *testing.T) {
	s := open(t)
	request := s.held(engine.Authorize)
	s.fake.Mistreat(t, stripefake.Cancel, stripefake.Overtake, 1)
	s.fences(request)
	s.isRefused(request, calls.CodeFenced)
	if intent := s.fake.Ledger(t).Intents[0]; intent.AmountCapturable != 0 || intent.Status != "canceled" {
		t.Errorf("the authorisation is %+v", intent)
	}
}

func TestARefundThatComesBeforeItsFenceIsFound(t *testing.T) {
	s := open(t)
	request := s.held(engine.Refund)
	s.fake.Mistreat(t, stripefake.Update, stripefake.Overtake, 1)
	if err := s.Cancel(t.Context(), request); !errors.Is(err, stripe.ErrDone) {
		t.Errorf("the fence of what has happened returned %v", err)
	}
	if s.finds(request) == nil {
		t.Error("it was not found")
	}
	s.keeps(0)
}

func TestALookThatFailsAfterTheRequestLeavesOpenWhatHappened(t *testing.T) {
	s := open(t)
	request := s.request(engine.Charge, "key")
	s.does(request)
	s.fake.Advance(t, 25*time.Hour) // so that Stripe asks why it is confirmed again
	s.fake.Mistreat(t, stripefake.Retrieve, stripefake.RateLimit, 1)
	s.isOpen(request)
	s.does(request)
	s.keeps(1000)
}
