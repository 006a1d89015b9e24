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
	left       answer = "left" // the goods have, before they could be cancelled
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
	// noFence says that the providers can't promise to refuse a key.
	noFence bool
	// byHand counts the operations that people have carried out themselves.
	byHand map[int]int
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
	moves = append(moves, w.decisions()...)
	if rapid.IntRange(0, 9).Draw(w.t, "people") == 0 {
		moves = append(moves, w.people()...)
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
	for range 5 { // more often than not, so that walks get somewhere
		may(w.order.Forward(saga.ReserveStock, w.now), reserved)
	}
	may(w.order.Forward(saga.ReserveStock, w.now), outOfStock)
	may(w.order.Undo(saga.ReserveStock, w.now), released)
	may(w.order.Completable(), completed)
	may(w.order.Cancellable(), saga.OrderCancelled{Reason: w.order.Reason})
	if turn, ok := w.order.Turn(w.now); ok {
		causes := map[string][]any{
			saga.ReasonDeadlineExceeded: {tooLate},
			saga.ReasonOrderDeleted:     {saga.OrderCancellationRequested{Reason: saga.ReasonOrderDeleted}},
		}
		may(true, append(causes[turn.Reason], turn)...)
	}
	if attention, ok := w.order.Unpaid(); ok {
		may(true, attention)
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
	w.flying = append(w.flying, key{operation, c.Generation})
	c.Key = key{operation, c.Generation}.callKey()
	w.record(outsides[operation].intent(c, w.order))
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
	if w.book[k] != "" {
		return
	}
	answers := []answer{done, done, done, no}
	if k.operation == unshipping {
		answers = append(answers, left)
	}
	w.book[k] = rapid.SampledFrom(answers).Draw(w.t, "answer")
}

func (w *walk) outcome(k key) any {
	switch w.book[k] {
	case done:
		return outsides[k.operation].succeeded(k.generation, w.order)
	case left:
		return saga.OrderShipped{Reference: "sh"}
	default:
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
	o := outsides[k.operation]
	switch {
	case w.book[k] != "" && w.book[k] != neverAgain:
		w.record(w.outcome(k))
		return
	case w.noFence && w.book[k] == "":
		w.unknown(k, status)
		if w.order.Attention == nil {
			w.record(saga.AttentionRequired{
				Step: o.step, Undo: o.undo, Reason: saga.ReasonOutcomeUnknown, NotBefore: w.now.Add(time.Second),
			})
		}
		return
	}
	w.book[k] = neverAgain
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

// count is what has happened, by the providers' books and by hand.
type count struct {
	begun, taken, returned, held, shipments, withdrawn int
}

func (w *walk) count() count {
	has := func(operation int) int { return w.happened(operation) + w.byHand[operation] }
	c := count{begun: has(taking), taken: has(taking), returned: has(givingBack), shipments: has(shipping), withdrawn: has(unshipping)}
	if w.order.Content.CaptureMode == saga.CaptureOnShipment {
		c.taken, c.returned = has(capturing), has(refunding)
		c.held = c.begun - c.taken - has(givingBack)
	}
	return c
}

// pendingAny reports whether a request of one of the operations may still be carried out.
func (w *walk) pendingAny(operations ...int) bool { return slices.ContainsFunc(operations, w.pending) }

// check holds the event that was just recorded against what the providers know.
func (w *walk) check(payload any) {
	c := w.count()
	wrong := w.wrong(payload, c)
	if c.begun > 1 || c.taken > c.begun || c.returned > c.taken || c.held < 0 || c.shipments > 1 || c.withdrawn > c.shipments ||
		w.stock.Reserved < 0 {
		wrong = "something happened twice"
	}
	if w.stuck() {
		wrong = "nothing is due, now or ever"
	}
	if wrong != "" {
		w.t.Fatalf("%s at %T: %+v, stock %+v\n%+v", wrong, payload, c, w.stock, w.log)
	}
}

// wrong says why the event must not have been recorded.
func (w *walk) wrong(payload any, c count) string {
	nothing := c.taken == c.returned && c.held == 0 && c.shipments == c.withdrawn
	switch payload := payload.(type) {
	case saga.RefundRequested:
		captured := w.order.Charge.Authorized && !payload.Void
		if c.begun != 1 || w.pendingAny(taking, capturing) || !captured && (c.shipments != c.withdrawn || w.pending(shipping)) {
			return "a refund before the charge is sure and the shipment is undone"
		}
		if w.order.Money().None() {
			return "a refund of nothing"
		}
	case saga.StockReservationReleased:
		if !nothing || w.pendingAny(taking, shipping, capturing) {
			return "a release before all else is undone"
		}
	case saga.OrderCompleted:
		if c != (count{begun: 1, taken: 1, shipments: 1}) || w.pendingAny(taking, givingBack, shipping, unshipping, capturing, refunding) {
			return "completed without money or shipment"
		}
		if w.stock.Shipped != 2 {
			return "completed without goods"
		}
	case saga.OrderCancelled:
		if !nothing || w.pendingAny(taking, givingBack, shipping, unshipping, capturing, refunding) || w.stock.Reserved != 0 {
			return "cancelled although something is left"
		}
	}
	return ""
}

// stuck reports whether an open order waits neither for a move, nor for a time, nor for a person.
func (w *walk) stuck() bool {
	if w.order.Outcome != "" || w.order.Attention != nil || len(due(w.order, w.now)) > 0 {
		return false
	}
	for _, service := range []saga.Service{saga.OrderService, saga.InventoryService, saga.PaymentService, saga.ShippingService} {
		if !w.order.Next(service, w.now).IsZero() {
			return false
		}
	}
	return true
}

// finish takes only fair moves, and lets time pass where there is none, until the order rests.
func (w *walk) finish() {
	for range 400 {
		if w.order.Outcome != "" || w.order.Attention != nil && w.order.Attention.NotBefore.IsZero() {
			return
		}
		moves := w.moves(true)
		if len(moves) == 0 {
			w.now = w.now.Add(time.Minute)
			continue
		}
		rapid.SampledFrom(moves).Draw(w.t, "fair move").run()
	}
	if w.order.Attention == nil {
		w.t.Fatalf("the order never ends: %+v", w.log)
	}
}

// walkAtRandom takes any way for a while, and then a fair one to its rest.
func walkAtRandom(t *rapid.T) *walk {
	w := &walk{t: t, now: start, book: map[key]answer{}, byHand: map[int]int{}}
	w.noFence = rapid.IntRange(0, 3).Draw(t, "fence") == 0
	w.stock = w.stock.Apply(orderID.Product("mouse-001").Stream(),
		event(1, saga.StockSupplied{Supply: []saga.SupplyTotal{{Source: "factory", Received: 2}}}))
	content := created
	content.CaptureMode = rapid.SampledFrom([]string{saga.CaptureImmediate, saga.CaptureOnShipment}).Draw(t, "capture")
	w.record(content)
	for range rapid.IntRange(0, 80).Draw(t, "steps") {
		rapid.SampledFrom(w.moves(false)).Draw(t, "move").run()
	}
	w.finish()
	w.judge()
	return w
}

// TestNoWayThatTheRulesAllowLosesMoneyOrStock also shows that every way ends, or has a person decide, and that nothing is
// ever stuck before.
func TestNoWayThatTheRulesAllowLosesMoneyOrStock(t *testing.T) {
	rests := map[string]int{}
	for range 20 { // a hundred walks each
		rapid.Check(t, func(t *rapid.T) {
			w := walkAtRandom(t)
			rest := string(w.order.Outcome)
			if w.order.Attention != nil {
				rest = "for a person"
			}
			rests[w.order.Content.CaptureMode+" "+rest]++
		})
	}
	for _, mode := range []string{saga.CaptureImmediate, saga.CaptureOnShipment} {
		for _, rest := range []string{"Completed", "Cancelled", "for a person"} {
			if rests[mode+" "+rest] == 0 {
				t.Errorf("no walk rests %s %s: %v", mode, rest, rests)
			}
		}
	}
}
