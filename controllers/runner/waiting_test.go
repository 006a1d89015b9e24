// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	orderengine "github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// arrivals are what an order may wait for, and how each arrives.
var arrivals = []struct {
	name, missing string
	waiting       saga.StepWaiting
	arrive        func(p *process)
}{
	{
		"a product", "", saga.StepWaiting{Step: saga.ReserveStock, Reason: saga.ReasonWaitingForProduct, Name: "mouse-001"},
		func(p *process) { p.supply(mouse, 50) },
	},
	{
		"a gateway", "gateway/default",
		saga.StepWaiting{Step: saga.ProcessPayment, Reason: saga.ReasonWaitingForGateway, Name: "default"},
		func(p *process) { p.missing(); p.Arrived(saga.ReasonWaitingForGateway, "", "default") },
	},
	{
		"a carrier", "carrier/default",
		saga.StepWaiting{Step: saga.CreateShipment, Reason: saga.ReasonWaitingForCarrier, Name: "default"},
		func(p *process) { p.missing(); p.Arrived(saga.ReasonWaitingForCarrier, "", "default") },
	},
	{
		"its Order with the payment token", "order/uid-1",
		saga.StepWaiting{Step: saga.ProcessPayment, Reason: saga.ReasonWaitingForOrder, Name: "order-001"},
		func(p *process) { p.accept(orderID, order("uid-2")) }, // deleted and created again
	},
}

// waiting starts an order that can't go on.
func waiting(w *world, missing string) *process {
	w.t.Helper()
	w.missing(missing)
	p := w.begin()
	p.supply(laptop, 10)
	if missing != "" {
		p.supply(mouse, 50)
	}
	p.accept(orderID, order("uid-1"))
	w.await(orderID, typed("StepWaiting"))
	synctest.Wait()
	return p
}

func TestAnOrderWaitsForWhatIsMissingAndGoesOnAtOnceWhenItArrives(t *testing.T) {
	for _, test := range arrivals {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, newBook(nil))
				p := waiting(w, test.missing)
				if got := w.fold(orderID).Step(test.waiting.Step).Waiting; got == nil || *got != test.waiting {
					t.Errorf("waits for %+v, want %+v", got, test.waiting)
				}
				time.Sleep(time.Minute)
				p.Arrived(saga.ReasonWaitingForGateway, "", "default") // of no use yet, and not forgotten
				before := time.Now()
				test.arrive(p)
				w.await(orderID, ended)
				if took := time.Since(before); took != 0 {
					t.Errorf("it noticed after %v", took)
				}
				waits := 0
				for _, name := range w.history(orderID) {
					if name == "StepWaiting" {
						waits++
					}
				}
				if folded := w.fold(orderID); folded.Outcome != saga.Completed || waits != 1 {
					t.Errorf("%s after %v", folded.Outcome, w.history(orderID))
				}
				w.audit()
				_ = p.stop()
			})
		})
	}
}

func TestAnArrivalWakesAnOrderThatAnEarlierProcessLeftWaiting(t *testing.T) {
	for _, test := range arrivals {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, newBook(nil))
				_ = waiting(w, test.missing).stop()
				p := w.begin()
				synctest.Wait()
				before := time.Now()
				test.arrive(p)
				w.await(orderID, ended)
				if took := time.Since(before); took != 0 || w.fold(orderID).Outcome != saga.Completed {
					t.Errorf("%v after %v", w.history(orderID), took)
				}
				_ = p.stop()
			})
		})
	}
}

func TestAnOrderGoesOnWaitingAlthoughAnotherObjectOfItIsAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		p := waiting(w, "gateway/default")
		p.accept(orderID, order("uid-2"))
		synctest.Wait()
		before := time.Now()
		p.missing()
		p.Arrived(saga.ReasonWaitingForGateway, "", "default")
		w.await(orderID, ended)
		if took := time.Since(before); took != 0 || w.fold(orderID).Outcome != saga.Completed {
			t.Errorf("%v after %v", w.history(orderID), took)
		}
		_ = p.stop()
	})
}

func TestAnOrderThatWaitsTooLongIsCancelled(t *testing.T) {
	for _, test := range arrivals {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, newBook(nil))
				p := waiting(w, test.missing)
				w.await(orderID, ended)
				folded := w.fold(orderID)
				if folded.Outcome != saga.Cancelled || folded.Reason != saga.ReasonDeadlineExceeded {
					t.Errorf("%s for %s: %v", folded.Outcome, folded.Reason, w.history(orderID))
				}
				if took := folded.FinishedAt.Sub(folded.CreatedAt); took < 59*time.Minute || took > 61*time.Minute {
					t.Errorf("cancelled after %v", took)
				}
				w.audit()
				_ = p.stop()
			})
		})
	}
}

func TestAChargeIsLookedUpAlthoughItsOrderIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(map[kind][]fault{charge: {hang}}))
		w.book.effect = func() { w.missing("order/uid-1") }
		p := w.start()
		w.await(orderID, ended)
		if folded := w.fold(orderID); folded.Outcome != saga.Completed {
			t.Errorf("%s after %v", folded.Outcome, w.history(orderID))
		}
		w.audit()
		_ = p.stop()
	})
}

func TestTheSameOrderAgainIsNotCarriedOutAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		p := w.start()
		w.await(orderID, ended)
		before := w.history(orderID)
		p.accept(orderID, order("uid-1"))
		if after := w.history(orderID); !slices.Equal(after, before) {
			t.Errorf("the same object: %v", after)
		}
		w.missing("order/uid-1")
		again := order("uid-2")
		again.Customer.Email, again.Address.Name = "new@example.org", "Ada Married" // personal data may change
		slices.Reverse(again.Lines)
		p.accept(orderID, again)
		synctest.Wait()
		if after := w.history(orderID); !slices.Equal(after, append(before, "OrderAttached")) {
			t.Errorf("an object created again: %v", after)
		}
		if folded := w.fold(orderID); !folded.Accepted("uid-1") || !folded.Accepted("uid-2") || folded.Outcome != saga.Completed {
			t.Errorf("%+v", folded)
		}
		w.audit()
		_ = p.stop()
	})
}

func TestAnotherOrderOfTheSameNameIsRefusedWithWhatDiffers(t *testing.T) {
	for field, change := range map[string]func(*saga.OrderCreated){
		"spec.customer.id":          func(c *saga.OrderCreated) { c.Customer.ID = "other" },
		"spec.items":                func(c *saga.OrderCreated) { c.Lines[0].Quantity, c.Total.Minor = 2, 270_000 },
		"spec.payment.gatewayName":  func(c *saga.OrderCreated) { c.Gateway = "other" },
		"spec.payment.captureMode":  func(c *saga.OrderCreated) { c.CaptureMode = "OnShipment" },
		"spec.shipping.carrierName": func(c *saga.OrderCreated) { c.Carrier = "other" },
		"spec.currency, spec.items": func(c *saga.OrderCreated) {
			c.Total.Currency = "EUR"
			for i := range c.Lines {
				c.Lines[i].UnitPrice.Currency = "EUR"
			}
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, newBook(nil))
			p := w.start()
			w.await(orderID, ended)
			before := w.history(orderID)
			other := order("uid-2")
			change(&other)
			err := p.Order.Accept(t.Context(), orderID, other)
			var taken *orderengine.NameTakenError
			if !errors.As(err, &taken) || strings.Join(taken.Different, ", ") != field || !strings.Contains(err.Error(), field) {
				t.Errorf("%s: %v", field, err)
			}
			if after := w.history(orderID); !slices.Equal(after, before) {
				t.Errorf("%s: %v", field, after)
			}
			_ = p.stop()
		})
	}
}

func TestAnOrderThatCannotBeCarriedOutIsNotAccepted(t *testing.T) {
	for name, change := range map[string]func(*saga.OrderCreated){
		"no UID":                           func(c *saga.OrderCreated) { c.UID = "" },
		"no items":                         func(c *saga.OrderCreated) { c.Lines, c.Total.Minor = nil, 0 },
		"an item twice":                    func(c *saga.OrderCreated) { c.Lines = append(c.Lines, c.Lines[0]); c.Total.Minor += 120_000 },
		"a wrong total":                    func(c *saga.OrderCreated) { c.Total.Minor-- },
		"no quantity":                      func(c *saga.OrderCreated) { c.Lines[0].Quantity, c.Total.Minor = 0, 30_000 },
		"two currencies":                   func(c *saga.OrderCreated) { c.Lines[0].UnitPrice.Currency = "EUR" },
		"a capture mode that nobody knows": func(c *saga.OrderCreated) { c.CaptureMode = "Someday" },
		"an unnamed item":                  func(c *saga.OrderCreated) { c.Lines[0].Product = "" },
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, newBook(nil))
			p := w.begin()
			content := order("uid-1")
			change(&content)
			if err := p.Order.Accept(t.Context(), orderID, content); !errors.Is(err, orderengine.ErrInvalidContent) {
				t.Errorf("%s: %v", name, err)
			}
			if history := w.history(orderID); history != nil {
				t.Errorf("%s: %v", name, history)
			}
			_ = p.stop()
		})
	}
}

func TestNoEventHoldsThePaymentToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		p := w.start()
		w.await(orderID, ended)
		for _, event := range w.events("") {
			if strings.Contains(string(event.Data), `"token"`) || reflect.ValueOf(event.Payload).FieldByName("Token").IsValid() {
				t.Errorf("%s: %s", event.Type, event.Data)
			}
		}
		_ = p.stop()
	})
}

// TestAProviderThatIsLetGoAfterTheIntentIsNotAsked has a gateway or a carrier be deleted between the intent and the call:
// whoever let it go had not seen the intent. The order waits, and goes on when there is another one.
func TestAProviderThatIsLetGoAfterTheIntentIsNotAsked(t *testing.T) {
	for intent, k := range map[string]kind{"PaymentRequested": charge, "ShipmentRequested": ship} {
		t.Run(intent, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, newBook(nil))
				var deleted atomic.Bool
				w.begins = func() bool { return !deleted.Load() }
				var once sync.Once
				w.appended = func(events []eventcore.Event) {
					if events[0].Type == intent {
						once.Do(func() { deleted.Store(true) })
					}
				}
				p := w.start()
				w.await(orderID, typed("StepWaiting"))
				time.Sleep(time.Minute)
				if asked := w.book.clone().asked[k]; asked != 0 {
					t.Errorf("asked %d times: %v", asked, w.history(orderID))
				}
				deleted.Store(false)
				p.arrived()
				w.await(orderID, ended)
				scenarios[0].check(w)
				if asked := w.book.clone().asked[k]; asked != 1 {
					t.Errorf("asked %d times: %v", asked, w.history(orderID))
				}
				_ = p.stop()
			})
		})
	}
}
