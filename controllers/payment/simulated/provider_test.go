// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulated_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/payment/simulated"
	"github.com/eventcore/order-operator/controllers/saga"
)

func usd(minor int64) saga.Money { return saga.Money{Currency: "USD", Minor: minor} }

func TestTheTokenDecidesAboutACharge(t *testing.T) {
	for _, row := range []struct {
		token, code string
	}{
		{"sim_approve", ""},
		{"sim_fail_0", ""},
		{"sim_slow_0", ""},
		{"sim_decline", simulated.CodeCardDeclined},
		{"sim_insufficient_funds", simulated.CodeInsufficientFunds},
		{"sim_unheard_of", simulated.CodeUnknownToken},
		{"sim_approve_", simulated.CodeUnknownToken},
		{"SIM_APPROVE", simulated.CodeUnknownToken},
		{"sim_fail_", simulated.CodeUnknownToken},
		{"sim_fail_-1", simulated.CodeUnknownToken},
		{"sim_fail_65536", simulated.CodeUnknownToken},
		{"sim_slow_1.5", simulated.CodeUnknownToken},
		{"tok_of_another_gateway", simulated.CodeUnknownToken},
		{"", simulated.CodeUnknownToken},
	} {
		t.Run(row.token, func(t *testing.T) {
			charge, err := simulated.New(ledgertest.Open(t, ""), simulated.Options{}).Do(t.Context(), chargeRequest("key", row.token))
			if ledgertest.Code(err) != row.code || (err == nil) != (row.code == "") {
				t.Fatalf("the answer is %+v, %v", charge, err)
			}
			if err == nil && (charge.Amount != usd(1000) || !strings.HasPrefix(charge.Reference, "ch_")) {
				t.Errorf("the charge is %+v", charge)
			}
		})
	}
}

func TestAnUnknownTokenIsToldTheKnownOnesAndNotRepeated(t *testing.T) {
	_, err := simulated.New(ledgertest.Open(t, ""), simulated.Options{}).Do(t.Context(), chargeRequest("key", "tok_secret"))
	for _, known := range []string{
		"sim_approve", "sim_decline", "sim_insufficient_funds", "sim_lost_reply", "sim_fail_N", "sim_slow_SECONDS",
		"sim_capture_refused", "sim_capture_lost", "sim_void_refused", "sim_void_lost", "sim_refund_refused", "sim_refund_lost",
	} {
		if !strings.Contains(err.Error(), known) {
			t.Errorf("%q does not name %s", err, known)
		}
	}
	if strings.Contains(err.Error(), "tok_secret") {
		t.Errorf("%q repeats the token", err)
	}
}

func TestAKeyFailsAsOftenAsItsTokenSays(t *testing.T) {
	book := ledgertest.Open(t, "")
	provider := simulated.New(book, simulated.Options{})
	for try := range 3 {
		_, err := provider.Do(t.Context(), chargeRequest("key", "sim_fail_3"))
		if !errors.Is(err, calls.ErrUnavailable) {
			t.Fatalf("try %d returned %v", try+1, err)
		}
		if found, err := provider.Find(t.Context(), chargeRequest("key", "")); found != nil || err != nil {
			t.Fatalf("try %d was recorded: %v, %v", try+1, found, err)
		}
	}
	for range 2 {
		if _, err := provider.Do(t.Context(), chargeRequest("key", "sim_fail_3")); err != nil {
			t.Fatalf("after the failures: %v", err)
		}
	}
	if entry, err := book.Find(t.Context(), "key"); err != nil || entry.Requests != 2 {
		t.Errorf("the entry is %+v, %v", entry, err)
	}
}

func TestAFencedKeyIsRefusedEvenWhereItWouldFail(t *testing.T) {
	provider := simulated.New(ledgertest.Open(t, ""), simulated.Options{})
	if err := provider.Cancel(t.Context(), chargeRequest("key", "")); err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Do(t.Context(), chargeRequest("key", "sim_fail_3")); ledgertest.Code(err) != ledger.CodeKeyCancelled {
		t.Errorf("the fenced key returned %v", err)
	}
}

func TestASlowAnswerComesAfterItsTimeAndTheChargeBefore(t *testing.T) {
	var provider *simulated.Provider
	var slept []time.Duration
	provider = simulated.New(ledgertest.Open(t, ""), simulated.Options{Sleep: func(ctx context.Context, d time.Duration) error {
		slept = append(slept, d)
		if found, err := provider.Find(ctx, chargeRequest("key", "")); found == nil || err != nil {
			t.Errorf("while the answer is on its way: %v, %v", found, err)
		}
		return nil
	}})
	for range 2 {
		if _, err := provider.Do(t.Context(), chargeRequest("key", "sim_slow_7")); err != nil {
			t.Fatal(err)
		}
	}
	if len(slept) != 1 || slept[0] != 7*time.Second {
		t.Errorf("the answers took %v", slept)
	}
}

func TestASlowAnswerIsNotAwaitedBeyondTheContext(t *testing.T) {
	provider := simulated.New(ledgertest.Open(t, ""), simulated.Options{}) // with its own Sleep
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := provider.Do(ctx, chargeRequest("key", "sim_slow_60"))
		ended <- err
	}()
	for recorded := false; !recorded; {
		charge, err := provider.Find(t.Context(), chargeRequest("key", ""))
		if err != nil {
			t.Fatal(err)
		}
		recorded = charge != nil
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || errors.Is(err, calls.ErrUnavailable) {
		t.Errorf("the charge returned %v", err)
	}
}

func TestAKeyIsNoGoodForOtherContent(t *testing.T) {
	provider := simulated.New(ledgertest.Open(t, ""), simulated.Options{})
	request := chargeRequest("key", "sim_approve")
	if _, err := provider.Do(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*engine.Request){
		"another amount":   func(r *engine.Request) { r.Amount.Minor++ },
		"another currency": func(r *engine.Request) { r.Amount.Currency = "EUR" },
		"another order":    func(r *engine.Request) { r.Correlation += "0" },
	} {
		other := request
		change(&other)
		if _, err := provider.Do(t.Context(), other); ledgertest.Code(err) != ledger.CodeKeyReused {
			t.Errorf("%s: %v", name, err)
		}
	}
	request.Token = "sim_decline" // is remembered nowhere
	if _, err := provider.Do(t.Context(), request); err != nil {
		t.Errorf("another token: %v", err)
	}
}

// begin charges or authorises 10.00 USD and returns the reference.
func begin(t *testing.T, provider *simulated.Provider, action engine.Action, token string) string {
	t.Helper()
	movement, err := provider.Do(t.Context(), request(action, string(action)+" with "+token, token))
	if err != nil {
		t.Fatal(err)
	}
	return movement.Reference
}

func TestAnAuthorisationIsCapturedOrVoidedOnceAndAsAWhole(t *testing.T) {
	for _, row := range []struct {
		name   string
		before engine.Action // what happened to the authorisation
		action engine.Action
		minor  int64
		code   string
	}{
		{"it is captured", "", engine.Capture, 1000, ""},
		{"it is voided", "", engine.Void, 1000, ""},
		{"it is captured in part", "", engine.Capture, 999, simulated.CodeAmountMismatch},
		{"more than it is captured", "", engine.Capture, 1001, simulated.CodeAmountMismatch},
		{"it is refunded although nothing was captured", "", engine.Refund, 1, simulated.CodeRefundExceedsCharge},
		{"a capture is refunded", engine.Capture, engine.Refund, 1000, ""},
		{"a capture is captured again", engine.Capture, engine.Capture, 1000, simulated.CodeAlreadyCaptured},
		{"a capture is voided", engine.Capture, engine.Void, 1000, simulated.CodeAlreadyCaptured},
		{"a void is captured", engine.Void, engine.Capture, 1000, simulated.CodeAlreadyVoided},
		{"a void is voided again", engine.Void, engine.Void, 1000, simulated.CodeAlreadyVoided},
		{"a void is refunded", engine.Void, engine.Refund, 1, simulated.CodeRefundExceedsCharge},
	} {
		t.Run(row.name, func(t *testing.T) {
			provider := simulated.New(ledgertest.Open(t, ""), simulated.Options{})
			reference := begin(t, provider, engine.Authorize, "sim_approve")
			if row.before != "" {
				if _, err := provider.Do(t.Context(), later(row.before, "before", reference, 1000)); err != nil {
					t.Fatal(err)
				}
			}
			moved, err := provider.Do(t.Context(), later(row.action, "key", reference, row.minor))
			if ledgertest.Code(err) != row.code || (err == nil) != (row.code == "") || err == nil && moved.Amount != usd(row.minor) {
				t.Errorf("%+v, %v", moved, err)
			}
		})
	}
}

func TestAChargeIsNeitherCapturedNorVoided(t *testing.T) {
	provider := simulated.New(ledgertest.Open(t, ""), simulated.Options{})
	charge := begin(t, provider, engine.Charge, "sim_approve")
	for _, action := range []engine.Action{engine.Capture, engine.Void} {
		if _, err := provider.Do(t.Context(), later(action, string(action), charge, 1000)); ledgertest.Code(err) != simulated.CodeChargeNotFound {
			t.Errorf("%s: %v", action, err)
		}
	}
}

func TestTheTokenDecidesAboutWhatFollowsToo(t *testing.T) {
	for _, row := range []struct {
		token  string
		action engine.Action
		code   string // empty if the answer is lost
	}{
		{"sim_capture_refused", engine.Capture, simulated.CodeCaptureRefused},
		{"sim_capture_lost", engine.Capture, ""},
		{"sim_void_refused", engine.Void, simulated.CodeVoidRefused},
		{"sim_void_lost", engine.Void, ""},
		{"sim_refund_refused", engine.Refund, simulated.CodeRefundRefused},
		{"sim_refund_lost", engine.Refund, ""},
	} {
		t.Run(row.token, func(t *testing.T) {
			provider := simulated.New(ledgertest.Open(t, ""), simulated.Options{})
			begins := engine.Authorize
			if row.action == engine.Refund {
				begins = engine.Charge
			}
			reference := begin(t, provider, begins, row.token)
			_, err := provider.Do(t.Context(), later(row.action, "key", reference, 1000))
			if err == nil || ledgertest.Code(err) != row.code || errors.Is(err, calls.ErrUnavailable) {
				t.Errorf("the answer is %v", err)
			}
			found, err := provider.Find(t.Context(), engine.Request{Action: row.action, Key: "key"})
			if (found != nil) != (row.code == "") || ledgertest.Code(err) != row.code {
				t.Errorf("found %+v, %v", found, err)
			}
			other := map[engine.Action]engine.Action{engine.Capture: engine.Void, engine.Void: engine.Capture}[row.action]
			if other != "" && row.code != "" {
				if _, err := provider.Do(t.Context(), later(other, "other", reference, 1000)); err != nil {
					t.Errorf("%s: %v", other, err)
				}
			}
		})
	}
}

func TestAnActionThatNobodyKnowsIsAMisconfiguration(t *testing.T) {
	provider := simulated.New(ledgertest.Open(t, ""), simulated.Options{})
	if _, err := provider.Do(t.Context(), request("donate", "key", "sim_approve")); !errors.Is(err, calls.ErrMisconfigured) {
		t.Errorf("%v", err)
	}
	if _, err := provider.Find(t.Context(), request("donate", "key", "")); !errors.Is(err, calls.ErrMisconfigured) {
		t.Errorf("%v", err)
	}
}

func TestRefundsNeverExceedTheCharge(t *testing.T) {
	book := ledgertest.Open(t, "")
	provider := simulated.New(book, simulated.Options{})
	charge, err := provider.Do(t.Context(), chargeRequest("charge", "sim_approve"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Do(t.Context(), chargeRequest("another charge", "sim_approve")); err != nil {
		t.Fatal(err)
	}
	var refunded, refused atomic.Int64
	var running sync.WaitGroup
	for i := range 32 {
		running.Go(func() {
			refund, err := provider.Do(t.Context(), refundRequest(fmt.Sprintf("refund-%d", i), charge.Reference, 90))
			switch {
			case err == nil:
				refunded.Add(refund.Amount.Minor)
			case ledgertest.Code(err) == simulated.CodeRefundExceedsCharge:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	running.Wait()
	if refunded.Load() != 990 || refused.Load() != 32-11 {
		t.Errorf("%d were refunded, %d times it was refused", refunded.Load(), refused.Load())
	}
	if _, err := provider.Do(t.Context(), refundRequest("the rest", charge.Reference, 10)); err != nil {
		t.Errorf("the rest: %v", err)
	}
	balances, err := ledger.Balances(t.Context(), book)
	if got := balances["store/shop/order/1"]; err != nil || got.Charged != usd(2000) || got.Refunded != usd(1000) {
		t.Errorf("the balance is %+v, %v", got, err)
	}
}

func TestWhatCannotBeRefundedIsRefused(t *testing.T) {
	provider := simulated.New(ledgertest.Open(t, ""), simulated.Options{})
	charge, err := provider.Do(t.Context(), chargeRequest("charge", "sim_approve"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Do(t.Context(), chargeRequest("declined", "sim_decline")); ledgertest.Code(err) == "" {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, charge, code string
		amount             saga.Money
	}{
		{"a charge that nobody made", "ch_unknown", simulated.CodeChargeNotFound, usd(1)},
		{"no charge, such as a refused one has", "", simulated.CodeChargeNotFound, usd(1)},
		{"more than the charge", charge.Reference, simulated.CodeRefundExceedsCharge, usd(1001)},
		{"less than nothing", charge.Reference, simulated.CodeInvalidAmount, usd(-1)},
		{"another currency", charge.Reference, simulated.CodeCurrencyMismatch, saga.Money{Currency: "EUR", Minor: 1}},
	} {
		request := engine.Request{Action: engine.Refund, Key: row.name, Charge: row.charge, Amount: row.amount}
		if _, err := provider.Do(t.Context(), request); ledgertest.Code(err) != row.code {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	negative := chargeRequest("negative", "sim_approve")
	negative.Amount.Minor = -1
	if _, err := provider.Do(t.Context(), negative); ledgertest.Code(err) != simulated.CodeInvalidAmount {
		t.Errorf("a negative charge: %v", err)
	}
}
