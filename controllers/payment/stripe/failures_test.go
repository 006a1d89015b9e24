// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe_test

import (
	"context"
	"errors"
	"testing"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/payment/stripe"
	"github.com/eventcore/order-operator/test/stripefake"
)

func TestWhatStripeRefusesForTheAccountIsAMisconfiguration(t *testing.T) {
	s := open(t)
	requests := []engine.Request{}
	for _, action := range actions {
		requests = append(requests, s.request(action, "key "+string(action)))
	}
	for name, key := range map[string]string{
		"an unknown key":                  "sk_test_unknown",
		"a key that may only read":        stripefake.RestrictedKey,
		"a publishable key":               "pk_test_1",
		"no key":                          "",
		"a key with a line break":         "sk_test_1\nHost: elsewhere",
		"a secret that is something else": "password",
	} {
		wrong := provider(s.fake.URL, key)
		if _, err := wrong.Prepare(t.Context(), engine.Request{Action: engine.Charge, Key: name, Amount: usd(1000), Token: visa}); !errors.Is(err, calls.ErrMisconfigured) {
			t.Errorf("%s: the preparation returned %v", name, err)
		}
		for _, request := range requests {
			if _, err := wrong.Do(t.Context(), request); !errors.Is(err, calls.ErrMisconfigured) {
				t.Errorf("%s: %s returned %v", name, request.Action, err)
			}
			if err := wrong.Cancel(t.Context(), request); !errors.Is(err, calls.ErrMisconfigured) {
				t.Errorf("%s: the fence of %s returned %v", name, request.Action, err)
			}
		}
	}
	for _, request := range requests {
		s.does(request) // all of it can be made good for
	}
}

func TestAPaymentOfAnotherAccountIsAMisconfigurationAndNotTakenForNone(t *testing.T) {
	s := open(t)
	for _, action := range actions {
		request := engine.Request{Action: action, Key: "key", Amount: usd(1000), Prepared: "pi_elsewhere", Charge: "pi_elsewhere"}
		if found, err := s.Find(t.Context(), request); !errors.Is(err, calls.ErrMisconfigured) {
			t.Errorf("%s: found %+v, %v", action, found, err)
		}
		if err := s.Cancel(t.Context(), request); !errors.Is(err, calls.ErrMisconfigured) {
			t.Errorf("%s: the fence returned %v", action, err)
		}
		if _, err := s.Do(t.Context(), request); !errors.Is(err, calls.ErrMisconfigured) {
			t.Errorf("%s: it returned %v", action, err)
		}
	}
}

func TestTheKeyIsReadForEveryCall(t *testing.T) {
	s := open(t)
	key, failure := "sk_test_old", error(nil)
	rotating := stripe.New(stripe.Options{
		URL: s.fake.URL, SecretKey: func(context.Context) (string, error) { return key, failure },
	})
	request := s.request(engine.Charge, "key")
	if _, err := rotating.Do(t.Context(), request); !errors.Is(err, calls.ErrMisconfigured) {
		t.Errorf("with the old key it returned %v", err)
	}
	failure = errors.New("the Secret can't be read")
	if _, err := rotating.Do(t.Context(), request); !errors.Is(err, calls.ErrUnavailable) {
		t.Errorf("without a key it returned %v", err)
	}
	key, failure = stripefake.SecretKey+"\n", nil // as files end
	if _, err := rotating.Do(t.Context(), request); err != nil {
		t.Errorf("with the new key it returned %v", err)
	}
}

func TestWhatStripeSurelyDidNotDoMayBeTriedAgain(t *testing.T) {
	s := open(t)
	for _, action := range actions {
		for _, fault := range []stripefake.Fault{stripefake.RateLimit, stripefake.LockTimeout} {
			request := s.request(action, string(action)+string(fault))
			s.fake.Mistreat(t, decisive[action], fault, 1)
			if _, err := s.Do(t.Context(), request); !errors.Is(err, calls.ErrUnavailable) {
				t.Errorf("%s: %s returned %v", fault, action, err)
			}
			s.does(request)
		}
	}
}

func TestALookThatFailsBeforeTheRequestHasDoneNothing(t *testing.T) {
	s := open(t)
	for _, action := range []engine.Action{engine.Capture, engine.Void, engine.Refund} {
		request := s.request(action, string(action))
		for _, fault := range []stripefake.Fault{stripefake.Break, stripefake.LoseReply, stripefake.Garbage} {
			s.fake.Mistreat(t, stripefake.Retrieve, fault, 1)
			if _, err := s.Do(t.Context(), request); !errors.Is(err, calls.ErrUnavailable) {
				t.Errorf("%s: %s returned %v", fault, action, err)
			}
			s.fake.Mistreat(t, stripefake.Retrieve, fault, 1)
			if found, err := s.Find(t.Context(), request); found != nil || err == nil {
				t.Errorf("%s: found %+v, %v of %s", fault, found, err, action)
			}
		}
		s.does(request)
	}
}

func TestAFenceThatWasNotAnsweredIsNoFence(t *testing.T) {
	s := open(t)
	for action, operations := range map[engine.Action][]stripefake.Operation{
		engine.Charge:    {stripefake.Cancel},
		engine.Authorize: {stripefake.Cancel},
		engine.Capture:   {stripefake.Update, stripefake.Cancel},
		engine.Void:      {stripefake.Update},
		engine.Refund:    {stripefake.Update},
	} {
		request := s.request(action, string(action))
		for _, operation := range operations {
			s.fake.Mistreat(t, operation, stripefake.LoseRequest, 1)
			if err := s.Cancel(t.Context(), request); err == nil {
				t.Errorf("%s was fenced without an answer to the %s", action, operation)
			}
		}
		s.fences(request)
		s.isRefused(request, calls.CodeFenced)
	}
}

func TestAConnectionThatWasClosedIsReplacedWithTheSameKey(t *testing.T) {
	s := open(t)
	request := s.request(engine.Charge, "key")
	s.fake.Mistreat(t, stripefake.Confirm, stripefake.Drop, 1)
	s.does(request)
	s.keeps(1000)
	if count := s.requests(stripefake.Confirm); count != 2 {
		t.Errorf("it was confirmed %d times", count)
	}
}
