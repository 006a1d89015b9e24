// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe_test

import (
	"errors"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/payment/stripe"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/test/stripefake"
)

func TestADeclineIsRefusedFoundAndCanBeFenced(t *testing.T) {
	s := open(t)
	for token, code := range map[string]string{
		"pm_card_chargeDeclined":                       stripe.CodeCardDeclined,
		"pm_card_visa_chargeDeclinedInsufficientFunds": stripe.CodeInsufficientFunds,
		"pm_card_visa_chargeDeclinedLostCard":          stripe.CodeCardDeclined,
		"pm_card_chargeDeclinedExpiredCard":            stripe.CodeExpiredCard,
		"pm_card_chargeDeclinedIncorrectCvc":           stripe.CodeIncorrectCard,
		"pm_card_authenticationRequired":               stripe.CodeAuthenticationRequired,
		"cus_1/pm_card_authenticationRequired":         stripe.CodeAuthenticationRequired,
	} {
		for _, action := range []engine.Action{engine.Charge, engine.Authorize} {
			request := s.prepared(action, token+string(action), token)
			s.isRefused(request, code)
			s.isRefused(request, code)
			if found, err := s.Find(t.Context(), request); ledgertest.Code(err) != code {
				t.Errorf("%s: found %+v, %v", token, found, err)
			}
			s.fences(request)
			if _, err := s.Find(t.Context(), request); ledgertest.Code(err) != code {
				t.Errorf("%s: after the fence, found %v", token, err)
			}
			s.fake.Advance(t, 25*time.Hour) // Stripe forgets the key, not the refusal
			s.isRefused(request, code)
		}
	}
	s.keeps(0)
}

func TestABankThatCouldNotBeAskedIsNoRefusal(t *testing.T) {
	s := open(t)
	for _, token := range []string{"pm_card_chargeDeclinedProcessingError", "pm_card_chargeDeclinedTryAgainLater"} {
		request := s.prepared(engine.Charge, token, token)
		s.isOpen(request)
		if found := s.finds(request); found != nil {
			t.Errorf("%s: found %+v", token, found)
		}
		s.fences(request) // so that the next generation is tried
	}
}

func TestWhatStripeCannotChargeIsRefusedBeforeItIsRecorded(t *testing.T) {
	s := open(t)
	for name, row := range map[string]struct {
		request engine.Request
		code    string
	}{
		"a token that Stripe does not know": {engine.Request{Amount: usd(1000), Token: "tok_unknown"}, stripe.CodePaymentMethodInvalid},
		"no token":                          {engine.Request{Amount: usd(1000)}, stripe.CodePaymentMethodInvalid},
		"an amount that is too small":       {engine.Request{Amount: usd(49), Token: visa}, stripe.CodeAmountTooSmall},
		"a currency that the account lacks": {engine.Request{Amount: saga.Money{Currency: "CUC", Minor: 1000}, Token: visa}, stripe.CodeCurrencyNotSupported},
	} {
		row.request.Action, row.request.Key = engine.Charge, name
		id, err := s.Prepare(t.Context(), row.request)
		if ledgertest.Code(err) != row.code {
			t.Errorf("%s: %q, %v", name, id, err)
		}
	}
}

func TestOnlyChargesAndAuthorisationsArePrepared(t *testing.T) {
	s := open(t)
	for _, action := range []engine.Action{engine.Capture, engine.Void, engine.Refund} {
		if id, err := s.Prepare(t.Context(), engine.Request{Action: action, Key: "key", Charge: "pi_1"}); id != "" || err != nil {
			t.Errorf("%s: %q, %v", action, id, err)
		}
	}
	unprepared := engine.Request{Action: engine.Charge, Key: "key", Amount: usd(1000), Token: visa}
	if _, err := s.Do(t.Context(), unprepared); !errors.Is(err, calls.ErrUnavailable) {
		t.Errorf("an unprepared charge returned %v", err)
	}
	if found := s.finds(unprepared); found != nil {
		t.Errorf("found %+v", found)
	}
	s.fences(unprepared)
	if count := len(s.fake.Ledger(t).Requests); count > 0 {
		t.Errorf("Stripe was asked %d times", count)
	}
}

func TestAPreparationCanBeRepeated(t *testing.T) {
	s := open(t)
	first := s.prepared(engine.Charge, "key", visa)
	if again := s.prepared(engine.Charge, "key", visa); again.Prepared != first.Prepared {
		t.Errorf("the same preparation made %s of %s", again.Prepared, first.Prepared)
	}
	other := s.prepared(engine.Charge, "key", "pm_card_mastercard") // the Order was created anew
	if other.Prepared == first.Prepared {
		t.Error("another card was forgotten")
	}
	s.fake.Advance(t, 25*time.Hour)
	if later := s.prepared(engine.Charge, "key", visa); later.Prepared == first.Prepared {
		t.Error("the fake did not forget the key")
	}
	s.keeps(0)
	s.does(other)
	s.keeps(1000)
}

func TestAFailedPreparationHasDoneNothing(t *testing.T) {
	s := open(t)
	request := engine.Request{Action: engine.Charge, Key: "key", Amount: usd(1000), Correlation: correlation, Token: visa}
	for _, fault := range []stripefake.Fault{
		stripefake.LoseReply, stripefake.LoseRequest, stripefake.Break, stripefake.Garbage, stripefake.Empty, stripefake.RateLimit,
		stripefake.KeyInUse, stripefake.Echo,
	} {
		s.fake.Mistreat(t, stripefake.Create, fault, 1)
		if id, err := s.Prepare(t.Context(), request); !errors.Is(err, calls.ErrUnavailable) {
			t.Errorf("%s: %q, %v", fault, id, err)
		}
	}
}

func TestFollowingRequestsAreHeldAgainstThePayment(t *testing.T) {
	s := open(t)
	with := func(request engine.Request, change func(*engine.Request)) engine.Request {
		change(&request)
		return request
	}
	charged, authorised := s.of(engine.Refund, "charged", visa), s.of(engine.Capture, "authorised", visa)
	unconfirmed := s.prepared(engine.Charge, "unconfirmed", visa).Prepared
	for name, row := range map[string]struct {
		request engine.Request
		code    string
	}{
		"a refund of more than the charge": {with(charged, func(r *engine.Request) { r.Amount.Minor++ }), stripe.CodeRefundExceedsCharge},
		"a refund in another currency":     {with(charged, func(r *engine.Request) { r.Amount.Currency = "EUR" }), stripe.CodeAmountMismatch},
		"a refund of an authorisation":     {with(charged, func(r *engine.Request) { r.Charge = authorised.Charge }), stripe.CodeChargeNotFound},
		"a refund of what a person named":  {with(charged, func(r *engine.Request) { r.Charge = "paid in cash" }), stripe.CodeChargeNotFound},
		"a capture of a part":              {with(authorised, func(r *engine.Request) { r.Amount.Minor-- }), stripe.CodeAmountMismatch},
		"a capture of what was not authorised": {
			with(authorised, func(r *engine.Request) { r.Charge = unconfirmed }), stripe.CodeChargeNotFound,
		},
		"a void of a charge": {with(charged, func(r *engine.Request) { r.Action = engine.Void }), stripe.CodeAlreadyCaptured},
		"a disputed charge":  {s.of(engine.Refund, "disputed", "pm_card_createDispute"), stripe.CodeChargeDisputed},
	} {
		row.request.Key = name
		s.isRefused(row.request, row.code)
	}
}

func TestAnAuthorisationThatEndedIsRefusedToTheCapture(t *testing.T) {
	s := open(t)
	expired, voided := s.of(engine.Capture, "expired", visa), s.of(engine.Capture, "voided", visa)
	s.does(engine.Request{Action: engine.Void, Key: "void", Amount: usd(1000), Charge: voided.Charge})
	s.isRefused(voided, stripe.CodeAuthorizationGone)
	s.fake.Advance(t, 8*24*time.Hour)
	s.isRefused(expired, stripe.CodeAuthorizationGone)
	if _, err := s.Find(t.Context(), expired); ledgertest.Code(err) != stripe.CodeAuthorizationGone {
		t.Errorf("found %v", err)
	}
	void := expired
	void.Action, void.Key = engine.Void, "void of the expired"
	s.does(void) // nothing is held any more: that is what a void is for
}

func TestAFencedCaptureGivesTheAuthorisationBack(t *testing.T) {
	s := open(t)
	request := s.request(engine.Capture, "key")
	s.fences(request)
	next := request
	next.Key = "next"
	s.isRefused(next, stripe.CodeAuthorizationGone)
	s.isRefused(request, calls.CodeFenced)
	next.Action = engine.Void
	s.does(next)
	s.keeps(0)
}

func TestMoneyThatIsReturnedIsNotReturnedAgain(t *testing.T) {
	s := open(t)
	request := s.request(engine.Refund, "by the dashboard")
	first := s.does(request)
	request.Key = "by the saga"
	if again := s.does(request); again != first {
		t.Errorf("it was refunded by %+v and %+v", first, again)
	}
	s.keeps(0)
}

func TestARefundThatArrivesBetweenTheFenceAndTheNextOneIsTakenForIt(t *testing.T) {
	s := open(t)
	request := s.request(engine.Refund, "key")
	s.fake.Mistreat(t, stripefake.Refunding, stripefake.Hold, 1)
	s.isOpen(request)
	s.fences(request)
	s.fake.Release(t)
	request.Key = "next"
	s.does(request)
	s.keeps(0)
	if refunds := s.fake.Ledger(t).Refunds; len(refunds) != 1 {
		t.Errorf("there are %d refunds", len(refunds))
	}
}

func TestARefundThatCouldBeMadeTwiceHasNoFence(t *testing.T) {
	s := open(t)
	request := s.request(engine.Refund, "key")
	request.Amount = usd(500)
	if err := s.Cancel(t.Context(), request); !errors.Is(err, calls.ErrNoFence) {
		t.Errorf("the fence of half the charge returned %v", err)
	}
	request.Amount = usd(501)
	s.fences(request)
	request.Key, request.Amount = "half", usd(500)
	s.does(request)
	s.keeps(500)
	request.Key = "too much"
	request.Amount = usd(1000)
	s.isRefused(request, stripe.CodeRefundExceedsCharge)
}

func TestRefundsAreJudgedByTheirStatus(t *testing.T) {
	s := open(t)
	pending := s.of(engine.Refund, "pending", "pm_card_pendingRefund")
	if first, again := s.does(pending), s.does(pending); first != again {
		t.Errorf("it was refunded by %+v and %+v", first, again)
	}
	failing := s.of(engine.Refund, "failing", "pm_card_refundFail")
	s.isRefused(failing, stripe.CodeRefundFailed)
	s.isRefused(failing, stripe.CodeRefundFailed)
	if _, err := s.Find(t.Context(), failing); ledgertest.Code(err) != stripe.CodeRefundFailed {
		t.Errorf("found %v", err)
	}
	s.fences(failing)
}

func TestASavedCardIsChargedAsItsCustomerAllowed(t *testing.T) {
	s := open(t)
	s.does(s.prepared(engine.Charge, "saved", "cus_1/"+visa))
	s.does(s.prepared(engine.Charge, "used once", visa))
	var confirmed []string
	for _, request := range s.fake.Ledger(t).Requests {
		if request.Operation == stripefake.Confirm {
			confirmed = append(confirmed, request.Form.Encode())
		}
	}
	if len(confirmed) != 2 || confirmed[0] != "off_session=true" || confirmed[1] != "error_on_requires_action=true" {
		t.Errorf("it was confirmed with %q", confirmed)
	}
	if intents := s.fake.Ledger(t).Intents; intents[0].Customer == nil || *intents[0].Customer != "cus_1" || intents[1].Customer != nil {
		t.Error("the customer of the saved card, and only he, must be named")
	}
}
