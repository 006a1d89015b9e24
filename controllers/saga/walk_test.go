// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/eventcore/order-operator/controllers/saga"
)

// outside is a step or a compensation that leaves the house.
type outside struct {
	step      string
	undo      bool
	intent    func(saga.Call) any
	succeeded func(generation int) any
	refused   func(generation int) any
}

var outsides = []outside{
	{
		step:      saga.ProcessPayment,
		intent:    func(c saga.Call) any { return saga.PaymentRequested{Call: c, Amount: created.Total} },
		succeeded: func(g int) any { return saga.PaymentProcessed{Generation: g, Reference: "ch", Amount: created.Total} },
		refused:   func(g int) any { return saga.PaymentFailed{Generation: g} },
	},
	{
		step: saga.ProcessPayment, undo: true,
		intent:    func(c saga.Call) any { return saga.RefundRequested{Call: c, Amount: created.Total} },
		succeeded: func(g int) any { return saga.PaymentRefunded{Generation: g, Amount: created.Total} },
		refused:   func(int) any { return noRefund },
	},
	{
		step:      saga.CreateShipment,
		intent:    func(c saga.Call) any { return saga.ShipmentRequested{Call: c} },
		succeeded: func(g int) any { return saga.ShipmentCreated{Generation: g, Reference: "sh"} },
		refused:   func(g int) any { return saga.ShipmentFailed{Generation: g} },
	},
	{
		step: saga.CreateShipment, undo: true,
		intent:    func(c saga.Call) any { return saga.ShipmentCancelRequested{Call: c} },
		succeeded: func(g int) any { return saga.ShipmentCancelled{Generation: g} },
		refused: func(int) any {
			return saga.AttentionRequired{Step: saga.CreateShipment, Undo: true, Reason: saga.ReasonCancelRefused}
		},
	},
}

// key names a generation of a call at its provider.
type key struct {
	operation  int // of outsides
	generation int
}

// answer is what a provider has made of a key.
type answer string

const (
	done       answer = "done"
	no         answer = "no"
	neverAgain answer = "fenced"
)

// walk is an order, a product, and providers that keep their contract but lose requests and replies, and deliver
// requests late. It takes any way that the rules allow.
type walk struct {
	t      *rapid.T
	now    time.Time
	log    []any
	order  saga.Order
	stock  saga.Stock
	book   map[key]answer
	flying []key // requested, not yet arrived
}

// move is something that may happen now.
type move struct {
	name string
	run  func()
}

func (w *walk) record(payload any) {
	w.log = append(w.log, payload)
	at := event(len(w.log), payload)
	w.order = w.order.Apply(orderID.Stream(), at)
	w.stock = w.stock.Apply(orderID.Product("mouse-001").Stream(), at)
	w.check(payload)
}

// moves lists all that may happen. With fair, every answer is given and nothing is lost.
func (w *walk) moves(fair bool) []move {
	moves := w.inside()
	for i := range outsides {
		moves = append(moves, w.calls(i, fair)...)
	}
	if fair {
		return moves
	}
	for i, k := range w.flying {
		moves = append(moves, move{"a request arrives", func() {
			w.flying = slices.Delete(slices.Clone(w.flying), i, i+1)
			w.arrive(k)
		}})
	}
	for _, span := range []time.Duration{time.Second, 10 * time.Second, 20 * time.Minute} {
		moves = append(moves, move{"time passes", func() { w.now = w.now.Add(span) }})
	}
	return moves
}

// inside lists what the order and the inventory service may do.
func (w *walk) inside() []move {
	var moves []move
	may := func(holds bool, payloads ...any) {
		if holds {
			moves = append(moves, move{"a decision", func() {
				for _, payload := range payloads {
					w.record(payload)
				}
			}})
		}
	}
	may(w.order.Forward(saga.ReserveStock, w.now), reserved)
	may(w.order.Forward(saga.ReserveStock, w.now), outOfStock)
	may(w.order.Undo(saga.ReserveStock, w.now), released)
	may(w.order.Completable(), completed)
	may(w.order.Cancellable(), saga.OrderCancelled{Reason: w.order.Reason})
	if turn, ok := w.order.Turn(w.now); ok {
		may(turn.Reason != saga.ReasonDeadlineExceeded, turn)
		may(turn.Reason == saga.ReasonDeadlineExceeded, tooLate, turn)
	}
	return moves
}

// calls lists what a service and its provider may do about one operation.
func (w *walk) calls(operation int, fair bool) []move {
	o := outsides[operation]
	status := w.order.Step(o.step).Forward
	due := w.order.Forward(o.step, w.now)
	if o.undo {
		status, due = w.order.Step(o.step).Undo, w.order.Undo(o.step, w.now)
	}
	k := key{operation, status.Last.Generation}
	var moves []move
	if due {
		moves = append(moves, move{"an intent", func() { w.request(operation, status) }})
	}
	if status.InFlight {
		moves = append(moves, w.ends(k, status, fair)...)
	}
	if w.order.Close(o.step, o.undo, w.now) {
		moves = append(moves, move{"a look-up", func() { w.lookUp(k, status) }})
		if !fair {
			moves = append(moves, move{"a look-up in vain", func() { w.unknown(k, status) }})
		}
	}
	return moves
}

func (w *walk) request(operation int, status saga.CallStatus) {
	c := saga.Call{Generation: status.Generation, Try: status.Last.Try + 1, Deadline: w.now.Add(10 * time.Second)}
	c.Key = key{operation, c.Generation}.callKey()
	w.flying = append(w.flying, key{operation, c.Generation})
	w.record(outsides[operation].intent(c))
}

// ends lists how a try may end for its caller. A caller that dies ends nothing.
func (w *walk) ends(k key, status saga.CallStatus, fair bool) []move {
	moves := []move{{"an answer", func() {
		w.flying = slices.DeleteFunc(slices.Clone(w.flying), func(f key) bool { return f == k })
		w.arrive(k)
		if w.book[k] != neverAgain { // a fenced caller leaves it to him who fenced
			w.record(w.outcome(k))
		}
	}}}
	if fair {
		return moves
	}
	o := outsides[k.operation]
	moves = append(moves, move{"a lost reply", func() { w.unknown(k, status) }})
	if w.book[k] == "" && status.Last.Try == 1 {
		moves = append(moves, move{"a request that never left", func() {
			w.flying = slices.DeleteFunc(slices.Clone(w.flying), func(f key) bool { return f == k })
			w.record(saga.StepRetryScheduled{
				Step: o.step, Undo: o.undo, Generation: k.generation, Try: status.Last.Try, NotBefore: w.now.Add(time.Second),
			})
		}})
	}
	return moves
}

func (w *walk) arrive(k key) {
	if w.book[k] == "" {
		w.book[k] = rapid.SampledFrom([]answer{done, done, done, no}).Draw(w.t, "answer")
	}
}

func (w *walk) outcome(k key) any {
	if w.book[k] == done {
		return outsides[k.operation].succeeded(k.generation)
	}
	return outsides[k.operation].refused(k.generation)
}

func (w *walk) unknown(k key, status saga.CallStatus) {
	o := outsides[k.operation]
	w.record(saga.OutcomeUnknown{
		Step: o.step, Undo: o.undo, Generation: k.generation, Try: status.Last.Try, NotBefore: w.now.Add(time.Second),
	})
}

func (w *walk) lookUp(k key, status saga.CallStatus) {
	if w.book[k] == done || w.book[k] == no {
		w.record(w.outcome(k))
		return
	}
	w.book[k] = neverAgain
	o := outsides[k.operation]
	w.record(saga.StepRetryScheduled{
		Step: o.step, Undo: o.undo, Generation: k.generation, Try: status.Last.Try, NotBefore: w.now, Fenced: true,
	})
}

// happened counts the generations of an operation that the provider has carried out.
func (w *walk) happened(operation int) int {
	count := 0
	for k, a := range w.book {
		if k.operation == operation && a == done {
			count++
		}
	}
	return count
}

// pending reports whether a request of the operation may still be carried out.
func (w *walk) pending(operation int) bool {
	return slices.ContainsFunc(w.flying, func(k key) bool { return k.operation == operation && w.book[k] == "" })
}

// check holds the event that was just recorded against what the providers know.
func (w *walk) check(payload any) {
	charges, refunds, shipments, cancellations := w.happened(0), w.happened(1), w.happened(2), w.happened(3)
	open := w.pending(0) || w.pending(1) || w.pending(2) || w.pending(3)
	wrong := ""
	switch payload.(type) {
	case saga.RefundRequested:
		if charges != 1 || w.pending(0) || shipments != cancellations || w.pending(2) {
			wrong = "a refund before the charge is sure and the shipment is undone"
		}
	case saga.StockReservationReleased:
		if charges != refunds || shipments != cancellations || w.pending(0) || w.pending(2) {
			wrong = "a release before all else is undone"
		}
	case saga.OrderCompleted:
		if charges != 1 || refunds != 0 || shipments != 1 || cancellations != 0 || open {
			wrong = "completed without money or shipment"
		}
		if w.stock.Shipped != 2 {
			wrong = "completed without goods"
		}
	case saga.OrderCancelled:
		if charges != refunds || shipments != cancellations || open || w.stock.Reserved != 0 {
			wrong = "cancelled although something is left"
		}
	}
	if charges > 1 || refunds > charges || shipments > 1 || cancellations > shipments || w.stock.Reserved < 0 {
		wrong = "something happened twice"
	}
	if wrong != "" {
		w.t.Fatalf("%s at %T: %d charges, %d refunds, %d shipments, %d cancellations, stock %+v\n%+v",
			wrong, payload, charges, refunds, shipments, cancellations, w.stock, w.log)
	}
}

// finish takes only fair moves, and lets time pass where there is none, until the order rests.
func (w *walk) finish() {
	for range 200 {
		if w.order.Outcome != "" || w.order.Attention != nil {
			return
		}
		moves := w.moves(true)
		if len(moves) == 0 {
			w.now = w.now.Add(10 * time.Second)
			continue
		}
		rapid.SampledFrom(moves).Draw(w.t, "fair move").run()
	}
	w.t.Fatalf("the order never ends: %+v", w.log)
}

// TestNoWayThatTheRulesAllowLosesMoneyOrStock also shows that every way ends.
func TestNoWayThatTheRulesAllowLosesMoneyOrStock(t *testing.T) {
	outcomes := map[saga.Outcome]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := &walk{t: t, now: start, book: map[key]answer{}}
		w.stock = w.stock.Apply(orderID.Product("mouse-001").Stream(),
			event(1, saga.StockSupplied{Supply: []saga.SupplyTotal{{Source: "factory", Received: 2}}}))
		w.record(created)
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			rapid.SampledFrom(w.moves(false)).Draw(t, "move").run()
		}
		w.finish()
		w.judge()
		outcomes[w.order.Outcome]++
	})
	for _, outcome := range []saga.Outcome{saga.Completed, saga.Cancelled} {
		if outcomes[outcome] == 0 {
			t.Errorf("no walk ended %q: %v", outcome, outcomes)
		}
	}
}
