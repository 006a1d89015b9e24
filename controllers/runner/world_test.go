// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/controllers/calls/guard"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
	fraud "github.com/eventcore/order-operator/examples/fraud-check"
	"github.com/eventcore/order-operator/test/crashpoint"
)

// storeID is the same in all worlds: idempotency keys begin with it.
var storeID = uuid.MustParse("00000000-0000-4000-8000-000000000001")

var (
	orderID = saga.OrderID{Namespace: "shop", Name: "order-001"}
	laptop  = orderID.Product("laptop-001")
	mouse   = orderID.Product("mouse-001")
)

// order is one laptop and two mice.
func order(uid string) saga.OrderCreated {
	return saga.OrderCreated{
		UID: uid, Customer: saga.Customer{ID: "cust-123"},
		Lines: []saga.Line{
			{Product: laptop.Name, Quantity: 1, UnitPrice: saga.Money{Currency: "USD", Minor: 120_000}},
			{Product: mouse.Name, Quantity: 2, UnitPrice: saga.Money{Currency: "USD", Minor: 15_000}},
		},
		Total: total, Gateway: "default", CaptureMode: "Immediate", Carrier: "default",
		Address: saga.Address{Name: "Ada Example", Lines: []string{"1 Sample Street"}, City: "Springfield", Country: "US"},
	}
}

// world is a store, two providers, and what the services find around them. It outlives the processes that work in it.
type world struct {
	t     *testing.T
	store eventcore.Store
	book  *book

	mu   sync.Mutex
	gone map[string]bool // gateways, carriers and Order objects (by UID) that are not there
	// found says that what was missing at first has arrived.
	found bool
	// sleeper is how the next process falls asleep.
	sleeper *sleeper
	// appending is called before every append, if it is set. Its error is the append's.
	appending func(eventcore.AppendRequest) error
	// appended is called after every append with events, if it is set.
	appended func([]eventcore.Event)
	// begins reports whether gateways and carriers begin something new; all do if it is nil.
	begins   func() bool
	timeout  time.Duration  // of calls
	settings guard.Settings // of all providers
	reading  time.Duration  // how long it takes to read a token
	doubted  time.Time      // when a part of the history was lost
	appends  atomic.Int64   // all, also those that only check
	commits  atomic.Int64   // those with events of an order
	// most is how many appends there may be; 0 is any number.
	most int64
	// points are the boundaries of its processes, nil if nobody counts them.
	points *crashpoint.Points
	// people act once in a world, by the process that was begun last.
	people sync.Once
	alive  atomic.Pointer[process]
}

// newWorld must be called, and used, within a synctest bubble.
func newWorld(t *testing.T, b *book) *world {
	t.Helper()
	store := memory.New(memory.Options{StoreID: storeID})
	return &world{
		t: t, store: store, book: b, gone: map[string]bool{}, most: 2000,
		settings: guard.Settings{FailureThreshold: 1_000_000}, // ways are told without circuits that open
	}
}

func (w *world) missing(names ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.gone)
	for _, name := range names {
		w.gone[name] = true
	}
}

func (w *world) there(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.gone[name]
}

// process is a Runner in a world. It may die: then nothing that it does reaches the store or a provider any more.
type process struct {
	*world
	*runner.Runner
	crashpoint.Process

	cancel context.CancelFunc
	ended  chan error
	// scenario is what the process plays.
	scenario scenario
	// asleep is set if the process falls asleep some time.
	asleep *sleeper
}

// sleeper stops a process, as SIGSTOP does, before its first request of the kind leaves, until it is awakened.
type sleeper struct {
	at            kind
	once          sync.Once
	asleep, awake chan struct{}
}

func newSleeper(at kind) *sleeper {
	return &sleeper{at: at, asleep: make(chan struct{}), awake: make(chan struct{})}
}

// doze is passed by all that a process does to the world. A request of the kind falls asleep there, and whatever comes
// after it.
func (p *process) doze(k kind) {
	s := p.asleep
	if s == nil {
		return
	}
	if k == s.at {
		s.once.Do(func() { close(s.asleep) })
	}
	select {
	case <-s.asleep:
		<-s.awake
	default:
	}
}

// start runs a process with stock and the order, as its reconcilers would see to.
func (w *world) start() *process {
	w.t.Helper()
	p := w.begin()
	p.supply(laptop, 10)
	p.supply(mouse, 50)
	p.accept(orderID, order("uid-1"))
	return p
}

// begin runs a process.
func (w *world) begin() *process {
	w.t.Helper()
	p := &process{world: w, ended: make(chan error, 1), asleep: w.sleeper}
	w.sleeper = nil
	p.Points = w.points
	ctx, cancel := context.WithCancel(w.t.Context())
	p.cancel = cancel
	settings := func(string) guard.Settings { return w.settings }
	var err error
	p.Runner, err = runner.New(ctx, storeOf{crashpoint.Store{Store: w.store, Process: &p.Process}, p}, runner.Options{ServicesOptions: runner.ServicesOptions{
		Gateways: gateways{p}, Carriers: carriers{p}, Tokens: tokens{w}, CallTimeout: w.timeout,
		GatewaySettings: settings, CarrierSettings: settings, DoubtedSince: w.doubted,
		More:   []runner.NewService{fraud.New(inspector{p})},
		Jitter: func() float64 { return 0.5 }, // ways are told event by event
	}, Workers: 4})
	if err != nil {
		w.t.Fatal(err)
	}
	go func() { p.ended <- p.Run(ctx) }()
	return p
}

// stop ends the process, dead or alive, and returns what it ended with.
func (p *process) stop() error {
	p.cancel()
	return <-p.ended
}

// over reports whether the error is that of a process which has died, or has ended because another one has taken over.
func (p *process) over(err error) bool { return p.Dead() || errors.Is(err, eventcore.ErrClosed) }

func (p *process) supply(product saga.ProductID, received int64) {
	p.t.Helper()
	totals := []saga.SupplyTotal{{Source: "factory", Received: received}}
	if err := p.Inventory.Supply(p.t.Context(), product, totals); err != nil && !p.over(err) {
		p.t.Fatal(err)
	}
}

func (p *process) accept(id saga.OrderID, content saga.OrderCreated) {
	p.t.Helper()
	if err := p.Order.Accept(p.t.Context(), id, content); err != nil && !p.over(err) {
		p.t.Fatal(err)
	}
}

// ended reports whether the event is the last one of an order that nobody helps.
func ended(event *eventcore.Event) bool {
	return event.Type == "OrderCompleted" || event.Type == "OrderCancelled" || event.Type == "AttentionRequired"
}

// await returns once an event of the order is one of the types. It gives up after three hours of the bubble's time.
func (w *world) await(id saga.OrderID, is func(*eventcore.Event) bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*time.Hour)
	defer cancel()
	for batch, err := range w.store.Subscribe(ctx, 0, eventcore.Filter{Streams: []eventcore.StreamID{id.Stream()}}) {
		if err != nil {
			w.t.Errorf("order %s got no further than %v: %v", id, w.history(id), err)
			return
		}
		for i := range batch.Events {
			if is(&batch.Events[i]) {
				return
			}
		}
	}
}

func typed(name string) func(*eventcore.Event) bool {
	return func(event *eventcore.Event) bool { return event.Type == name }
}

// history returns the types of the order's events.
func (w *world) history(id saga.OrderID) []string {
	w.t.Helper()
	var types []string
	for event, err := range w.store.Read(context.Background(), eventcore.Query{Filter: eventcore.Filter{Streams: []eventcore.StreamID{id.Stream()}}}) {
		if err != nil {
			w.t.Fatal(err)
		}
		types = append(types, event.Type)
	}
	return types
}

// registry is shared: to make one costs as much as to play a short scenario.
var registry = saga.NewRegistry()

// events returns the events of the stream, decoded; of all streams if it is empty.
func (w *world) events(stream eventcore.StreamID) []eventcore.Event {
	w.t.Helper()
	query := eventcore.Query{}
	if stream != "" {
		query.Filter.Streams = []eventcore.StreamID{stream}
	}
	var events []eventcore.Event
	for event, err := range w.store.Read(context.Background(), query) {
		if err == nil {
			event.Payload = nil
			err = registry.Decode(&event)
		}
		if err != nil {
			w.t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

func (w *world) fold(id saga.OrderID) saga.Order {
	w.t.Helper()
	var folded saga.Order
	for _, event := range w.events(id.Stream()) {
		folded = folded.Apply(id.Stream(), &event)
	}
	return folded
}

func (w *world) stock(id saga.ProductID) saga.Stock {
	w.t.Helper()
	var folded saga.Stock
	for _, event := range w.events(id.Stream()) {
		folded = folded.Apply(id.Stream(), &event)
	}
	return folded
}

// storeOf is the store as a process sees it.
type storeOf struct {
	crashpoint.Store

	process *process
}

func (s storeOf) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	if s.process.Dead() {
		return eventcore.Appended{}, crashpoint.ErrDead
	}
	s.process.doze("")
	w := s.process.world
	if appends := w.appends.Add(1); w.most > 0 && appends > w.most {
		s.process.Die()
		w.t.Errorf("more than %d appends: the process runs round in circles", w.most)
		return eventcore.Appended{}, crashpoint.ErrDead
	}
	if w.appending != nil {
		if err := w.appending(request); err != nil {
			return eventcore.Appended{}, err
		}
	}
	appended, err := s.Store.Append(ctx, request)
	if err == nil && len(appended.Events) > 0 {
		for i := range appended.Events {
			if _, ok := saga.OrderOf(&appended.Events[i]); ok {
				w.commits.Add(1)
				break
			}
		}
		if w.appended != nil {
			w.appended(appended.Events)
		}
	}
	return appended, err
}

// gateways, carriers and tokens are what a process finds outside.
type (
	gateways struct{ *process }
	carriers struct{ *process }
	tokens   struct{ *world }
)

func (g gateways) Provider(name string) (payment.Provider, bool) {
	there := g.there("gateway/"+name) && !g.Dead()
	if g.book.preparing {
		return crashpoint.Payments(preparer{bank{g.book, g.process, name}}, &g.Process), there
	}
	return crashpoint.Payments(bank{g.book, g.process, name}, &g.Process), there
}

func (c carriers) Provider(name string) (shipping.Provider, bool) {
	return crashpoint.Shipments(carrier{c.book, c.process, name}, &c.Process), c.there("carrier/"+name) && !c.Dead()
}

// Allows implements payment.Restricted and shipping.Restricted.
func (g gateways) Allows(string, string) bool { return g.begins == nil || g.begins() }
func (c carriers) Allows(string, string) bool { return c.begins == nil || c.begins() }

func (o tokens) Token(_ context.Context, _ saga.OrderID, accepted func(string) bool) (string, bool, error) {
	time.Sleep(o.reading)
	for _, uid := range []string{"uid-1", "uid-2"} {
		if accepted(uid) && o.there("order/"+uid) {
			return "token", true, nil
		}
	}
	return "", false, nil
}
