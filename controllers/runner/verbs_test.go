// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	orderengine "github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
)

// play runs the scenario to its rest, and then the test.
func play(t *testing.T, s scenario, test func(w *world, p *process)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, s.book())
		p := s.begin(w)
		s.rest(w)
		test(w, p)
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
}

func attempt(number int) saga.OrderCreated {
	content := order("uid-1")
	content.Attempt = number
	return content
}

func TestACancelledOrderIsTriedAgainWithAHigherAttempt(t *testing.T) {
	declined := scenario{script: map[kind][]fault{charge: {refuseSlow, fine}}}
	play(t, declined, func(w *world, p *process) {
		t := w.t
		other := attempt(2)
		other.Lines, other.Total.Minor = other.Lines[:1], 120_000
		other.Lines[0].UnitPrice.Minor = total.Minor
		other.Total = total // other content is fine
		p.accept(orderID, other)
		time.Sleep(time.Minute)
		folded := w.fold(orderID)
		if folded.Outcome != saga.Completed || folded.Content.Attempt != 2 || len(folded.Content.Lines) != 1 {
			t.Errorf("%s, attempt %d: %v", folded.Outcome, folded.Content.Attempt, w.history(orderID))
		}
		w.audit()
		if keys := w.book.keys(charge, storeID.String()+"/shop/order-001/2", "done"); len(keys) != 1 ||
			keys[0] != storeID.String()+"/shop/order-001/2/ProcessPayment/1" {
			t.Errorf("charged under %v", keys)
		}
		if left := w.stock(mouse); left.Reserved != 0 || left.Shipped != 0 {
			t.Errorf("mice: %+v", left)
		}
	})
}

func TestALowerAttemptAttachesToTheLatest(t *testing.T) {
	play(t, scenario{script: map[kind][]fault{charge: {refuseSlow, fine}}}, func(w *world, p *process) {
		t := w.t
		p.accept(orderID, attempt(3))
		time.Sleep(time.Minute)
		before := w.history(orderID)
		p.accept(orderID, attempt(2)) // the same object
		again := attempt(1)
		again.UID = "uid-2"
		p.accept(orderID, again)
		if got := w.history(orderID); !slices.Equal(got, append(before, "OrderAttached")) {
			t.Errorf("%v", got[len(before):])
		}
		again.Customer.ID = "somebody else"
		again.UID = "uid-3"
		var taken *orderengine.NameTakenError
		if err := p.Order.Accept(t.Context(), orderID, again); !errors.As(err, &taken) {
			t.Errorf("other content: %v", err)
		}
	})
}

func TestAnOrderIsNotTriedAgainWhileAnythingIsLeftOfIt(t *testing.T) {
	for name, test := range map[string]struct {
		scenario scenario
		says     string
	}{
		"completed":       {scenario{}, "was completed: use a new name"},
		"for a person":    {scenario{script: map[kind][]fault{ship: {refuse}, refund: {refuse}}}, "needs a decision (RefundRefused)"},
		"unknown charge":  {scenario{script: map[kind][]fault{charge: {loseRequest}}, noFence: true}, "needs a decision (OutcomeUnknown)"},
		"shipped, unpaid": {scenario{capture: saga.CaptureOnShipment, script: map[kind][]fault{capture: {refuse}, withdraw: {dispatched}}}, "needs a decision"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, test.scenario, func(w *world, p *process) {
				t := w.t
				before := w.history(orderID)
				err := p.Order.Accept(t.Context(), orderID, attempt(2))
				refused, ok := errors.AsType[*orderengine.AttemptError](err)
				if !ok || refused.Attempt != 2 || refused.Latest != 1 || !strings.Contains(err.Error(), test.says) ||
					!strings.Contains(err.Error(), "spec.attempt 2") {
					t.Errorf("%v", err)
				}
				if got := w.history(orderID); !slices.Equal(got, before) {
					t.Errorf("recorded %v", got[len(before):])
				}
			})
		})
	}
}

func TestAnOpenOrderIsNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		p := waiting(w, "gateway/default")
		err := p.Order.Accept(t.Context(), orderID, attempt(2))
		if refused, ok := errors.AsType[*orderengine.AttemptError](err); !ok || refused.Outcome != "" ||
			!strings.Contains(err.Error(), "still open") {
			t.Errorf("%v", err)
		}
		_ = p.stop()
	})
}

func TestADecisionAboutAnotherQuestionIsVoid(t *testing.T) {
	refused := scenario{script: map[kind][]fault{ship: {refuse}, refund: {refuse}}}
	play(t, refused, func(w *world, p *process) {
		t := w.t
		before, open := w.history(orderID), w.fold(orderID).Attention.Position
		answer := orderengine.Resolution{Attention: open, Action: saga.ResolveSkip, Reason: "Paid in cash", Actor: "ada"}
		for name, change := range map[string]func(*orderengine.Resolution){
			"another position": func(r *orderengine.Resolution) { r.Attention-- },
			"no action":        func(r *orderengine.Resolution) { r.Action = "" },
			"no reason":        func(r *orderengine.Resolution) { r.Reason = "" },
			"no actor":         func(r *orderengine.Resolution) { r.Actor = "" },
			"no reference":     func(r *orderengine.Resolution) { r.Action = saga.ResolveForce },
		} {
			wrong := answer
			change(&wrong)
			err := p.Order.Resolve(t.Context(), orderID, wrong)
			if _, ok := errors.AsType[*orderengine.ResolutionError](err); ok == (wrong.Attention != open) || isStale(err) == ok {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got := w.history(orderID); !slices.Equal(got, before) {
			t.Errorf("recorded %v", got[len(before):])
		}
		if err := p.Order.Resolve(t.Context(), orderID, answer); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if err := p.Order.Resolve(t.Context(), orderID, answer); !isStale(err) || !strings.Contains(err.Error(), "needs no decision") {
			t.Errorf("once more: %v", err)
		}
		w.audit()
		for _, event := range w.events(orderID.Stream()) {
			if resolved, ok := event.Payload.(saga.AttentionResolved); ok && (resolved.Actor != "ada" || resolved.Reason != "Paid in cash") {
				t.Errorf("recorded %+v", resolved)
			}
		}
	})
}

func TestVerbsThatComeTooLateChangeNothing(t *testing.T) {
	for _, s := range []scenario{{}, {script: map[kind][]fault{charge: {refuseSlow}}}} {
		play(t, s, func(w *world, p *process) {
			t := w.t
			before := w.history(orderID)
			for name, verb := range map[string]func() error{
				"cancel":  func() error { return p.Order.RequestCancellation(t.Context(), orderID, 0, saga.ReasonCancelledByUser) },
				"suspend": func() error { return p.Order.Suspend(t.Context(), orderID, 0, saga.ReasonSuspended, time.Time{}) },
				"delete":  func() error { return p.Order.Suspend(t.Context(), orderID, 0, saga.ReasonOrderDeleted, time.Now()) },
				"resume":  func() error { return p.Order.Resume(t.Context(), orderID, 0) },
			} {
				if err := verb(); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			time.Sleep(time.Minute)
			if got := w.history(orderID); !slices.Equal(got, before) {
				t.Errorf("recorded %v", got[len(before):])
			}
		})
	}
}

func TestAGraceIsNotPutOffByAskingAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		p := waiting(w, "gateway/default")
		gone := time.Now()
		for range 5 { // as often as a reconciler looks
			if err := p.Order.Suspend(t.Context(), orderID, 0, saga.ReasonOrderDeleted, time.Now().Add(time.Minute)); err != nil {
				t.Error(err)
			}
			if err := p.Order.Suspend(t.Context(), orderID, 0, saga.ReasonSuspended, time.Time{}); err != nil {
				t.Error(err)
			}
			time.Sleep(10 * time.Second)
		}
		w.await(orderID, ended)
		folded := w.fold(orderID)
		if took := folded.FinishedAt.Sub(gone); folded.Reason != saga.ReasonOrderDeleted || took != time.Minute {
			t.Errorf("ended for %s after %v: %v", folded.Reason, took, w.history(orderID))
		}
		_ = p.stop()
	})
}

func TestTheSameObjectGoesOnIfItWasNotGoneAfterAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		p := waiting(w, "gateway/default")
		if err := p.Order.Suspend(t.Context(), orderID, 0, saga.ReasonOrderDeleted, time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		p.accept(orderID, order("uid-1"))
		p.missing()
		p.arrived()
		w.await(orderID, ended)
		w.expectHistory("OrderCreated StockReserved StepWaiting OrderSuspended OrderResumed " + fromPayment)
		_ = p.stop()
	})
}

func TestAnOrderThatIsCapturedOnShipmentCostsNineCommits(t *testing.T) {
	play(t, captureScenarios[0], func(w *world, _ *process) {
		t := w.t
		if commits := w.commits.Load(); commits != 9 {
			t.Errorf("%d commits of %v", commits, w.history(orderID))
		}
	})
}

func TestACallThatCannotBeClosedWithoutItsProviderSaysSoOnce(t *testing.T) {
	for missing, script := range map[string]map[kind][]fault{
		"gateway/default": {charge: {hang}}, "carrier/default": {ship: {hang}},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, newBook(script))
			w.book.effect = func() {
				if script[w.book.last] != nil {
					w.missing(missing)
				}
			}
			p := w.start()
			time.Sleep(50 * time.Minute)
			waits, unknowns := 0, 0
			for _, name := range w.history(orderID) {
				switch name {
				case "StepWaiting":
					waits++
				case "OutcomeUnknown":
					unknowns++
				}
			}
			if waits != 1 || unknowns != 1 {
				t.Errorf("%s: %v", missing, w.history(orderID))
			}
			before := time.Now()
			p.missing()
			p.arrived()
			w.await(orderID, ended)
			if took := time.Since(before); took != 0 || w.fold(orderID).Outcome != saga.Completed {
				t.Errorf("%s: after %v: %v", missing, took, w.history(orderID))
			}
			w.audit()
			_ = p.stop()
		})
	}
}

func TestAllTriesOfAGenerationSendWhatWasPrepared(t *testing.T) {
	lost := scenario{prepares: true, script: map[kind][]fault{charge: {unavailable, unavailable, loseRequest}}}
	play(t, lost, func(w *world, _ *process) {
		t := w.t
		prefix := "pi:" + storeID.String() + "/shop/order-001/1/ProcessPayment/"
		var prepared []string
		for _, event := range w.events(orderID.Stream()) {
			if requested, ok := event.Payload.(saga.PaymentRequested); ok {
				prepared = append(prepared, strings.TrimPrefix(requested.Prepared, prefix))
			}
		}
		if got := strings.Join(prepared, " "); got != "1 1 1 2" || w.book.asked[prepare] != 2 {
			t.Errorf("prepared %s, asked %d times", got, w.book.asked[prepare])
		}
		if folded := w.fold(orderID); folded.Outcome != saga.Completed {
			t.Errorf("%v", w.history(orderID))
		}
	})
}
