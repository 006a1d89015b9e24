// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/payment/stripe"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/test/stripefake"
)

func TestMain(m *testing.M) {
	stripefake.Child()
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"), // idle connections
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"))
}

const (
	correlation = "store/shop/order/1"
	visa        = "pm_card_visa"
)

// shop is a provider on a fake of Stripe.
type shop struct {
	*testing.T
	*stripe.Provider

	fake *stripefake.Fake
	path string
}

func open(t *testing.T) shop {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stripe.db")
	fake := stripefake.Start(t, path)
	return shop{T: t, Provider: provider(fake.URL, stripefake.SecretKey), fake: fake, path: path}
}

func provider(url, key string) *stripe.Provider {
	return stripe.New(stripe.Options{URL: url, SecretKey: func(context.Context) (string, error) { return key, nil }})
}

func usd(minor int64) saga.Money { return saga.Money{Currency: "USD", Minor: minor} }

// prepared returns a request for a charge or an authorisation, whose PaymentIntent is there.
func (s shop) prepared(action engine.Action, key, token string) engine.Request {
	s.Helper()
	request := engine.Request{Action: action, Key: key, Amount: usd(1000), Correlation: correlation, Token: token}
	id, err := s.Prepare(s.Context(), request)
	if err != nil {
		s.Fatalf("prepare %s: %v", key, err)
	}
	request.Prepared = id
	return request
}

// of returns a request about what an earlier one did, after that was done. It is answered as the token says.
func (s shop) of(action engine.Action, key, token string) engine.Request {
	s.Helper()
	first := engine.Authorize
	if action == engine.Refund {
		first = engine.Charge
	}
	charge := s.does(s.prepared(first, "first for "+key, token))
	return engine.Request{Action: action, Key: key, Amount: usd(1000), Correlation: correlation, Charge: charge.Reference}
}

// request returns one that succeeds.
func (s shop) request(action engine.Action, key string) engine.Request {
	s.Helper()
	if action == engine.Charge || action == engine.Authorize {
		return s.prepared(action, key, visa)
	}
	return s.of(action, key, visa)
}

func (s shop) does(request engine.Request) engine.Movement {
	s.Helper()
	movement, err := s.Do(s.Context(), request)
	if err != nil {
		s.Fatalf("%s %s: %v", request.Action, request.Key, err)
	}
	return movement
}

func (s shop) finds(request engine.Request) *engine.Movement {
	s.Helper()
	request.Token = ""
	found, err := s.Find(s.Context(), request)
	if err != nil {
		s.Fatalf("find %s %s: %v", request.Action, request.Key, err)
	}
	return found
}

func (s shop) fences(request engine.Request) {
	s.Helper()
	request.Token = ""
	if err := s.Cancel(s.Context(), request); err != nil {
		s.Fatalf("fence %s %s: %v", request.Action, request.Key, err)
	}
}

func (s shop) isRefused(request engine.Request, code string) {
	s.Helper()
	movement, err := s.Do(s.Context(), request)
	if ledgertest.Code(err) != code {
		s.Errorf("%s %s returned %+v, %v instead of the refusal %s", request.Action, request.Key, movement, err, code)
	}
}

// isOpen checks that the answer leaves open what happened.
func (s shop) isOpen(request engine.Request) {
	s.Helper()
	movement, err := s.Do(s.Context(), request)
	if err == nil || ledgertest.Code(err) != "" || errors.Is(err, calls.ErrUnavailable) || errors.Is(err, calls.ErrMisconfigured) {
		s.Errorf("%s %s returned %+v, %v", request.Action, request.Key, movement, err)
	}
}

// keeps checks what the customer has paid in the end, by the books of the fake.
func (s shop) keeps(want int64) {
	s.Helper()
	if got := s.fake.Ledger(s).Books()[correlation]; got != want {
		s.Errorf("the customer has paid %d instead of %d", got, want)
	}
}

// requests counts those that the fake was sent.
func (s shop) requests(operations ...stripefake.Operation) (count int) {
	s.Helper()
	for _, request := range s.fake.Ledger(s).Requests {
		for _, operation := range operations {
			if request.Operation == operation {
				count++
			}
		}
	}
	return count
}
