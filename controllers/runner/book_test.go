// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	"github.com/eventcore/order-operator/test/crashpoint"
)

// kind is what is asked of a provider.
type kind string

const (
	charge    kind = "charge"
	authorize kind = "authorize"
	capture   kind = "capture"
	void      kind = "void"
	refund    kind = "refund"
	ship      kind = "ship"
	withdraw  kind = "withdraw" // cancel a shipment
	prepare   kind = "prepare"
	inspect   kind = "inspect" // for fraud
	lookUp    kind = "look up"
)

// fault is how a provider treats one request.
type fault string

const (
	fine        fault = ""
	refuse      fault = "refuse"       // the final no; the last one of a script goes on for ever
	loseReply   fault = "lose reply"   // it happens, and the connection breaks
	loseRequest fault = "lose request" // it never arrives
	arriveLate  fault = "arrive late"  // it arrives a minute after the caller has given up
	unavailable fault = "unavailable"  // it says so
	hang        fault = "hang"         // it happens, and the answer takes longer than anybody waits
	overtaken   fault = "overtaken"    // another process fences it first
	slow        fault = "slow"         // it happens, and the answer takes three seconds
	refuseSlow  fault = "refuse slow"  // the final no takes three seconds
	dispatched  fault = "dispatched"   // the goods have left: the final no of a carrier to a cancellation
	badKey      fault = "bad key"      // the provider does not know the operator
)

// answerTime is how long slow answers take.
const answerTime = 3 * time.Second

// entry is what became of an idempotency key.
type entry struct {
	kind        kind
	correlation string
	state       string // done, refused, fenced
	code        string // of the refusal
	requests    int
}

// book is both providers: it keeps their contract, knows what they did, and misbehaves by its script.
type book struct {
	mu      sync.Mutex
	entries map[string]entry
	script  map[kind][]fault
	asked   map[kind]int
	// looking is called before a look-up answers, and sought after one in vain, if they are set.
	looking func()
	sought  func(key string)
	// reached is called before a request or a look-up comes to the provider of the name, if it is set. Its error is the
	// answer.
	reached func(ctx context.Context, name string, k kind) error
	// noFence says that the providers can't promise to refuse a request.
	noFence bool
	// prepared holds the keys for which something was prepared, if the payment provider wants that.
	preparing bool
	prepared  map[string]bool
	// last is what has happened last.
	last kind
	// effect is called after something has happened for the first time, if it is set.
	effect func()
}

func newBook(script map[kind][]fault) *book {
	return &book{entries: map[string]entry{}, script: script, asked: map[kind]int{}, prepared: map[string]bool{}}
}

func (b *book) clone() *book {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &book{
		entries: maps.Clone(b.entries), script: b.script, asked: maps.Clone(b.asked), noFence: b.noFence,
		preparing: b.preparing, prepared: maps.Clone(b.prepared),
	}
}

func (b *book) next(k kind) fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	script := b.script[k]
	i := b.asked[k]
	b.asked[k]++
	switch {
	case i < len(script):
		return script[i]
	case len(script) > 0 && script[len(script)-1] == refuse:
		return refuse
	}
	return fine
}

var errBroken = errors.New("the connection broke")

// perform asks for something.
func (b *book) perform(ctx context.Context, name string, k kind, key, correlation string) error {
	if b.reached != nil {
		if err := b.reached(ctx, name, k); err != nil {
			return err
		}
	}
	todo := b.next(k)
	switch todo {
	case unavailable:
		return fmt.Errorf("%w: come back later", calls.ErrUnavailable)
	case loseRequest:
		<-ctx.Done()
		return ctx.Err()
	case arriveLate:
		<-ctx.Done()
		time.AfterFunc(time.Minute, func() { _ = b.arrive(k, key, correlation, fine) })
		return ctx.Err()
	case badKey:
		return fmt.Errorf("%w: who are you", calls.ErrMisconfigured)
	case overtaken:
		_ = b.fence(key)
	default:
	}
	err := b.arrive(k, key, correlation, todo)
	if todo == slow || todo == refuseSlow {
		select {
		case <-time.After(answerTime):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err != nil {
		return err
	}
	switch todo {
	case loseReply:
		return errBroken
	case hang:
		<-ctx.Done()
		return ctx.Err()
	default:
		return nil
	}
}

func (b *book) arrive(k kind, key, correlation string, todo fault) error {
	b.mu.Lock()
	e, known := b.entries[key]
	if !known {
		e = entry{kind: k, correlation: correlation, state: "done"}
		switch todo {
		case refuse, refuseSlow:
			e.state, e.code = "refused", "no"
		case dispatched:
			e.state, e.code = "refused", shipping.CodeDispatched
		default:
		}
	}
	e.requests++
	b.entries[key], b.last = e, k
	b.mu.Unlock()
	if !known {
		b.tell()
	}
	return e.answer()
}

func (e entry) answer() error {
	switch e.state {
	case "refused":
		return &calls.Refusal{Code: e.code, Message: "The answer is no"}
	case "fenced":
		return &calls.Refusal{Code: calls.CodeFenced, Message: "The key was cancelled"}
	}
	return nil
}

func (b *book) find(ctx context.Context, name, key string) (found bool, err error) {
	if b.reached != nil {
		if err := b.reached(ctx, name, lookUp); err != nil {
			return false, err
		}
	}
	if b.looking != nil {
		b.looking()
	}
	b.mu.Lock()
	e, known := b.entries[key]
	b.mu.Unlock()
	if !known && b.sought != nil {
		b.sought(key)
	}
	if !known || e.state == "fenced" {
		return false, nil
	}
	return true, e.answer()
}

func (b *book) fence(key string) error {
	b.mu.Lock()
	e, known := b.entries[key]
	if !known && b.noFence {
		b.mu.Unlock()
		return calls.ErrNoFence
	}
	if !known {
		b.entries[key] = entry{state: "fenced"}
	}
	b.mu.Unlock()
	if !known {
		b.tell()
	}
	if e.state == "done" { // an adapter may well call that a refusal
		return &calls.Refusal{Code: "already_done", Message: "It has happened"}
	}
	return nil
}

func (b *book) tell() {
	if b.effect != nil {
		b.effect()
	}
}

func (b *book) keys(k kind, correlation, state string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var keys []string
	for key, e := range b.entries {
		if e.kind == k && e.correlation == correlation && e.state == state {
			keys = append(keys, key)
		}
	}
	return slices.Sorted(slices.Values(keys))
}

// bank is the book as a payment provider of a process.
type bank struct {
	*book
	process *process
	name    string
}

var _ payment.Provider = bank{}

// kinds are what the actions of payments are in the book.
var kinds = map[payment.Action]kind{
	payment.Charge: charge, payment.Authorize: authorize, payment.Capture: capture, payment.Void: void, payment.Refund: refund,
}

// movement is what is done under the key.
func movement(r payment.Request) payment.Movement {
	return payment.Movement{Reference: string(kinds[r.Action]) + ":" + r.Key, Amount: total}
}

func (b bank) Do(ctx context.Context, r payment.Request) (payment.Movement, error) {
	b.process.doze(kinds[r.Action])
	return movement(r), b.perform(ctx, b.name, kinds[r.Action], r.Key, r.Correlation)
}

func (b bank) Find(ctx context.Context, r payment.Request) (*payment.Movement, error) {
	found, err := b.find(ctx, b.name, r.Key)
	if !found || err != nil {
		return nil, err
	}
	m := movement(r)
	return &m, nil
}

func (b bank) Cancel(_ context.Context, r payment.Request) error { return b.fence(r.Key) }

// preparer is a bank that wants to prepare what moves money for the first time.
type preparer struct{ bank }

var _ payment.Preparer = preparer{}

func (p preparer) Prepare(_ context.Context, r payment.Request) (string, error) {
	switch p.next(prepare) {
	case refuse:
		return "", &calls.Refusal{Code: "no", Message: "The answer is no"}
	case unavailable:
		return "", calls.ErrUnavailable
	case loseReply:
		p.note(r.Key)
		return "", errBroken
	default:
	}
	if r.Token == "" {
		return "", &calls.Refusal{Code: "no_token", Message: "There is no token"}
	}
	p.note(r.Key)
	return "pi:" + r.Key, nil
}

func (p preparer) Do(ctx context.Context, r payment.Request) (payment.Movement, error) {
	begins := r.Action == payment.Charge || r.Action == payment.Authorize
	if begins && (r.Prepared != "pi:"+r.Key || !p.was(r.Key)) {
		return payment.Movement{}, &calls.Refusal{Code: "not_prepared", Message: "It was not prepared: " + r.Prepared}
	}
	return p.bank.Do(ctx, r)
}

func (b *book) note(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.prepared[key] = true
}

func (b *book) was(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.prepared[key]
}

// total is what every order of these tests costs.
var total = saga.Money{Currency: "USD", Minor: 150_000}

// inspector is the book as a process of a flow with a fraud check asks it.
type inspector struct{ *process }

// Check implements fraud.Checker.
func (i inspector) Check(ctx context.Context, key string, _ saga.OrderCreated) (int, error) {
	return crashpoint.Between(&i.Process, "inspect", func() (int, error) {
		return 7, i.book.perform(ctx, "fraud", inspect, key, "")
	})
}

// carrier is the book as a carrier of a process.
type carrier struct {
	*book
	process *process
	name    string
}

var _ shipping.Provider = carrier{}

func (c carrier) Create(ctx context.Context, r shipping.ShipmentRequest) (shipping.Shipment, error) {
	c.process.doze(ship)
	err := c.perform(ctx, c.name, ship, r.Key, r.Correlation)
	return shipping.Shipment{Reference: "sh:" + r.Key, TrackingNumber: "T"}, err
}

func (c carrier) CancelShipment(ctx context.Context, r shipping.CancelRequest) (shipping.Cancellation, error) {
	c.process.doze(withdraw)
	err := c.perform(ctx, c.name, withdraw, r.Key, r.Correlation)
	return shipping.Cancellation{Reference: r.Shipment}, err
}

func (c carrier) FindShipment(ctx context.Context, key string) (*shipping.Shipment, error) {
	found, err := c.find(ctx, c.name, key)
	if !found || err != nil {
		return nil, err
	}
	return &shipping.Shipment{Reference: "sh:" + key, TrackingNumber: "T"}, nil
}

func (c carrier) FindCancellation(ctx context.Context, key string) (*shipping.Cancellation, error) {
	found, err := c.find(ctx, c.name, key)
	if !found || err != nil {
		return nil, err
	}
	return &shipping.Cancellation{Reference: "sh:" + key}, nil
}

func (c carrier) Cancel(_ context.Context, key string) error { return c.fence(key) }
