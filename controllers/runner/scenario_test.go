// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	orderengine "github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
)

// scenario is one order's way, told by its events.
type scenario struct {
	name     string
	script   map[kind][]fault
	flow     int           // the flow's version, the current one if 0
	capture  string        // the capture mode, Immediate if empty
	laptops  int64         // ordered, 1 if 0
	deadline time.Duration // an hour if 0
	missing  string        // is not there at first: a gateway, a carrier, the Order; or "mouse", a product
	noFence  bool          // the providers can't promise to refuse a request
	prepares bool          // the payment provider is a Preparer
	verbs    []moment      // what people do, one after the other

	outcome   saga.Outcome
	reason    string
	attention string // the reason of the attention that the order rests with
	history   string
	charged   int
	refunded  int
	// also are ends that are legal too if a crash, or a slower process, puts the verbs at other moments.
	also []ending
}

// ending is how an order rests.
type ending struct {
	outcome           saga.Outcome
	reason, attention string
}

func (s scenario) ending() ending { return ending{s.outcome, s.reason, s.attention} }

// moment is when somebody does something, once: so long after the first event of the type. Whatever process runs then
// obeys, or the next one if it dies before: people's wishes are in the order's spec.
type moment struct {
	after string
	later time.Duration
	do    func(ctx context.Context, p *process) error
}

func cancelOrder(ctx context.Context, p *process) error {
	return p.Order.RequestCancellation(ctx, orderID, 0, saga.ReasonCancelledByUser)
}

func suspendOrder(ctx context.Context, p *process) error {
	return p.Order.Suspend(ctx, orderID, 0, saga.ReasonSuspended, time.Time{})
}

func resumeOrder(ctx context.Context, p *process) error { return p.Order.Resume(ctx, orderID, 0) }

// deleteOrder is what the absence of the order's object means.
func deleteOrder(ctx context.Context, p *process) error {
	p.missing("order/uid-1")
	return p.Order.Suspend(ctx, orderID, 0, saga.ReasonOrderDeleted, time.Now().Add(time.Minute))
}

func createAgain(ctx context.Context, p *process) error {
	return p.Order.Accept(ctx, orderID, p.scenario.content("uid-2"))
}

// lose takes something away, arrive brings everything back.
func lose(name string) func(context.Context, *process) error {
	return func(_ context.Context, p *process) error {
		p.missing(name)
		return nil
	}
}

func arrive(ctx context.Context, p *process) error {
	p.missing()
	p.mu.Lock()
	p.found = true
	p.mu.Unlock()
	return p.Inventory.Supply(ctx, mouse, []saga.SupplyTotal{{Source: "factory", Received: 50}})
}

// resolve answers the open attention, if there is one, and nobody has before.
func resolve(action saga.Resolution) func(context.Context, *process) error {
	return func(ctx context.Context, p *process) error {
		order, err := p.Order.Order(ctx, orderID)
		if err != nil || order.Attention == nil || slices.Contains(p.history(orderID), "AttentionResolved") {
			return err
		}
		return p.Order.Resolve(ctx, orderID, orderengine.Resolution{
			Attention: order.Attention.Position, Action: action, Reason: "Seen to", Reference: "by-hand", Actor: "ada@example.org",
		})
	}
}

func (s scenario) book() *book {
	b := newBook(s.script)
	b.noFence, b.preparing = s.noFence, s.prepares
	return b
}

func (s scenario) content(uid string) saga.OrderCreated {
	content := order(uid)
	content.Lines[0].Quantity = max(1, s.laptops)
	content.Lines[0].UnitPrice.Minor /= content.Lines[0].Quantity
	content.FlowVersion = s.flow
	if s.capture != "" {
		content.CaptureMode = s.capture
	}
	if s.deadline != 0 {
		content.Deadline = time.Now().Add(s.deadline)
	}
	return content
}

// begin starts the scenario's order in the world, or goes on with it.
func (s scenario) begin(w *world) *process {
	w.t.Helper()
	w.mu.Lock()
	found := w.found
	w.mu.Unlock()
	if s.missing != "" && !found {
		w.missing(s.missing)
	}
	p := w.begin()
	p.scenario = s
	p.supply(laptop, 10)
	if w.there("mouse") {
		p.supply(mouse, 50)
	}
	if p.deleted() {
		p.missing("order/uid-1")
	} else {
		p.accept(orderID, s.content("uid-1"))
	}
	w.alive.Store(p)
	w.people.Do(func() { go w.act(w.t.Context(), s.verbs) })
	return p
}

// deleted reports whether the order's object was gone before the process began.
func (p *process) deleted() bool {
	return slices.ContainsFunc(p.events(orderID.Stream()), func(e eventcore.Event) bool {
		suspended, ok := e.Payload.(saga.OrderSuspended)
		return ok && suspended.Reason == saga.ReasonOrderDeleted
	})
}

// act does what people do, until ctx ends.
func (w *world) act(ctx context.Context, verbs []moment) {
	for _, m := range verbs {
		if !w.saw(ctx, m.after) || !pass(ctx, m.later) {
			return
		}
		for !w.alive.Load().obeys(ctx, m) {
			if !pass(ctx, time.Second) {
				return
			}
		}
	}
}

// pass lets time pass, and reports whether ctx goes on.
func pass(ctx context.Context, span time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(span):
		return true
	}
}

// obeys has the process do it, as a reconciler would, and reports whether it has.
func (p *process) obeys(ctx context.Context, m moment) bool {
	err := m.do(ctx, p)
	if _, refused := errors.AsType[*orderengine.ResolutionError](err); refused {
		p.t.Errorf("%s: %v", m.after, err)
		return true
	}
	if p.Dead() || err != nil && !isStale(err) {
		return false
	}
	p.arrived()
	return true
}

// arrived tells of everything that is there.
func (p *process) arrived() {
	for reason, name := range map[string]string{
		saga.ReasonWaitingForGateway: "gateway/default", saga.ReasonWaitingForCarrier: "carrier/default",
	} {
		if p.there(name) {
			p.Arrived(reason, "", "default")
		}
	}
}

func isStale(err error) bool {
	_, stale := errors.AsType[*orderengine.StaleResolutionError](err)
	return stale
}

// saw waits for the first event of the type.
func (w *world) saw(ctx context.Context, eventType string) bool {
	filter := eventcore.Filter{Streams: []eventcore.StreamID{orderID.Stream()}}
	for batch, err := range w.store.Subscribe(ctx, 0, filter) {
		if err != nil {
			return false
		}
		if slices.ContainsFunc(batch.Events, func(e eventcore.Event) bool { return e.Type == eventType }) {
			return true
		}
	}
	return false
}

// rest returns when the order has ended, or waits for a person who does not come, and whatever is late has arrived. It
// takes at most three hours of the bubble's time.
func (s scenario) rest(w *world) {
	w.t.Helper()
	const quiet = 3 * time.Minute
	before := 0
	for range 60 {
		time.Sleep(quiet)
		history := len(w.history(orderID))
		if history == before {
			if folded := w.fold(orderID); folded.Outcome != "" || folded.Attention != nil {
				return
			}
			w.demand(verify.NothingStuck)
		}
		before = history
	}
	w.t.Errorf("the order does not come to rest: %v", w.history(orderID))
}

// check demands the scenario's end.
func (s scenario) check(w *world) { w.t.Helper(); s.expect(w, s.ending()) }

// checkAfterCrash is check, but for an order for which the verbs or the deadline come at other moments of its way,
// because of the crash.
func (s scenario) checkAfterCrash(w *world) {
	w.t.Helper()
	folded := w.fold(orderID)
	got := ending{outcome: folded.Outcome, reason: folded.Reason}
	if folded.Attention != nil {
		got.attention = folded.Attention.Reason
	}
	if slices.Contains(s.also, got) || s.noFence && got.attention == saga.ReasonOutcomeUnknown {
		s.expect(w, got)
		return
	}
	if s.outcome == "" && s.deadline != 0 {
		s.expect(w, ending{folded.Outcome, s.reason, got.attention})
		return
	}
	s.check(w)
}

func (s scenario) expect(w *world, want ending) {
	w.t.Helper()
	folded := w.fold(orderID)
	attention := ""
	if folded.Attention != nil {
		attention = folded.Attention.Reason
	}
	if got := (ending{folded.Outcome, folded.Reason, attention}); got != want {
		w.t.Errorf("rests %+v, want %+v\n%v", got, want, strings.Join(w.history(orderID), " "))
	}
	if want.outcome == "" && want.attention == "" {
		w.t.Errorf("the order is left open")
	}
	w.audit()
	shipped, kept := int64(0), int64(0)
	switch want.outcome {
	case saga.Completed:
		shipped = 1
	case "":
		kept = 1 // until a person has decided
	case saga.Cancelled:
	}
	for product, want := range map[saga.ProductID]saga.Stock{
		laptop: {Reserved: kept, Shipped: shipped}, mouse: {Reserved: 2 * kept, Shipped: 2 * shipped},
	} {
		if got := w.stock(product); got.Reserved != want.Reserved || got.Shipped != want.Shipped {
			w.t.Errorf("%s: %+v, want %+v", product.Name, got, want)
		}
	}
}
