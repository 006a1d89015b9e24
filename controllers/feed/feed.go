// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

const (
	// sweepEvery is how often all open orders are looked at, in case that a wake-up was lost.
	sweepEvery = 10 * time.Minute
	// saveEvery is how far the saved projection of open orders may lag: most orders have ended by then and cost no
	// write.
	saveEvery = 500 * time.Millisecond
	// maxTouched is about how many orders the sinks are told of at once.
	maxTouched = 1_000
)

// Touched tells what to look at.
type Touched struct {
	Orders   []saga.OrderID
	Products []saga.ProductID
	// Swept says that the orders come from a sweep, not from an event.
	Swept bool
	// Recorded says that they come from events, and from nothing else.
	Recorded bool
}

// Feed turns the store's events into orders and products to look at. It keeps the projection of open orders.
type Feed struct {
	store    eventcore.Store
	readOnly bool
	registry *eventcore.Registry
	waiters  saga.Waiters

	mu        sync.Mutex
	sinks     map[int]func(Touched)
	last      int
	begins    func(after eventcore.Position, open map[saga.OrderID]saga.OpenOrder)
	projector *eventcore.Projector // nil unless Run follows the store

	correlations correlations
	// told is the position up to which the sinks were told of events, or that this process knew before there were any.
	told eventcore.Position
}

// New returns a feed of the store, which writes the projection.
func New(store eventcore.Store) *Feed {
	f := &Feed{store: store, registry: saga.NewRegistry(), sinks: map[int]func(Touched){}}
	if follower, ok := store.(eventcore.Follower); ok {
		f.told = follower.Followed()
	}
	return f
}

// NewReader returns a feed of a store whose projection another process writes. This one begins with what that has
// written last, and follows the store by itself.
func NewReader(store eventcore.Store) *Feed {
	f := New(store)
	f.readOnly = true
	return f
}

// Subscribe has the sink told of everything touched from now on, until the returned function is called. A sink must not
// block.
func (f *Feed) Subscribe(sink func(Touched)) (unsubscribe func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	key := f.last
	f.sinks[key] = sink
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.sinks, key)
	}
}

// Run brings the projection up to date, sweeps, and follows the store until ctx ends. It returns nil then. After an error
// it may be called again. Only one process may run a feed that New has returned of a store at a time: another one makes
// it end with eventcore.ErrCheckpointMoved.
func (f *Feed) Run(ctx context.Context) error {
	err := f.run(ctx)
	f.follow(nil)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

func (f *Feed) run(ctx context.Context) error {
	projector, err := eventcore.NewProjector(ctx, f.store, f.registry, saga.OpenOrders(),
		eventcore.ProjectorOptions{SaveEvery: saveEvery, Observe: f.observe, ReadOnly: f.readOnly})
	if err != nil {
		return err
	}
	if err := f.begin(projector); err != nil {
		return err
	}
	if err := projector.CatchUp(ctx); err != nil {
		return err
	}
	f.follow(projector)
	if err := f.catchUp(ctx, projector.Position()); err != nil {
		return err
	}
	if err := f.Sweep(); err != nil {
		return err
	}
	sweeps := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		sweeps <- f.sweepRegularly(ctx)
		cancel()
	}()
	err = projector.Run(ctx)
	cancel()
	if sweepErr := <-sweeps; sweepErr != nil {
		return sweepErr
	}
	return err
}

// follow notes which projector knows the open orders, nil for none.
func (f *Feed) follow(projector *eventcore.Projector) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.projector = projector
}

// Begins has told called, before Run catches up, with the position up to which the feed of whoever ran before had come,
// and with the orders that were open there: what comes after it is news.
func (f *Feed) Begins(told func(after eventcore.Position, open map[saga.OrderID]saga.OpenOrder)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begins = told
}

func (f *Feed) begin(projector *eventcore.Projector) error {
	f.mu.Lock()
	told := f.begins
	f.mu.Unlock()
	if told == nil {
		return nil
	}
	open, err := saga.ListOpenOrders(projector.Documents())
	if err != nil {
		return err
	}
	told(projector.Position(), open)
	return nil
}

func (f *Feed) sweepRegularly(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := f.Sweep(); err != nil {
				return err
			}
		}
	}
}

// Sweep tells the sinks of all open orders.
func (f *Feed) Sweep() error {
	open, err := f.OpenOrders()
	if err != nil {
		return err
	}
	f.recall(open)
	ids := make([]saga.OrderID, 0, len(open))
	for id, row := range open {
		ids = append(ids, id)
		if row.Waiting != nil {
			f.waiters.Add(id, *row.Waiting)
		}
	}
	f.tell(Touched{Orders: ids, Swept: true})
	return nil
}

// OpenOrders returns the orders that have not ended, as far as Run has followed the store; none before it has caught
// up, and after it has ended.
func (f *Feed) OpenOrders() (map[saga.OrderID]saga.OpenOrder, error) {
	f.mu.Lock()
	projector := f.projector
	f.mu.Unlock()
	if projector == nil {
		return nil, nil
	}
	open, err := saga.ListOpenOrders(projector.Documents())
	if err != nil {
		return nil, fmt.Errorf("read the open orders: %w", err)
	}
	return open, nil
}

// Lag returns how many events the feed is behind the store, and how old the oldest of those is that concern it. Both are
// 0 before Run has caught up.
func (f *Feed) Lag(ctx context.Context) (events uint64, age time.Duration, err error) {
	f.mu.Lock()
	projector := f.projector
	f.mu.Unlock()
	if projector == nil {
		return 0, 0, nil
	}
	return projector.Lag(ctx)
}

// CurrentOpenOrders is OpenOrders as of the store's head when it is called: nothing that was recorded before is missing.
func (f *Feed) CurrentOpenOrders(ctx context.Context) (map[saga.OrderID]saga.OpenOrder, error) {
	f.mu.Lock()
	projector := f.projector
	f.mu.Unlock()
	if projector == nil {
		return nil, errCatchingUp
	}
	head, err := f.store.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the store's head: %w", err)
	}
	if err := projector.WaitFor(ctx, head); err != nil {
		return nil, err
	}
	return f.OpenOrders()
}

// errCatchingUp is all that is known of the open orders before Run has caught up.
var errCatchingUp = errors.New("the open orders are still being read")

// CaughtUp reports whether Run has brought the projection up to date and follows the store.
func (f *Feed) CaughtUp() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.projector != nil
}

// Wake tells the sinks of orders and products about which there is news that is no event.
func (f *Feed) Wake(touched Touched) { f.tell(touched) }

// Later has the sinks told of the order after the span: for errors that leave nothing else to wake it.
func (f *Feed) Later(id saga.OrderID, span time.Duration) {
	time.AfterFunc(span, func() { f.tell(Touched{Orders: []saga.OrderID{id}}) })
}

// Arrived wakes the orders that wait for an object which is there now. The namespace is empty for gateways and
// carriers.
func (f *Feed) Arrived(reason, namespace, name string) {
	if ids := f.waiters.For(reason, namespace, name); len(ids) > 0 {
		f.tell(Touched{Orders: ids})
	}
}

// catchUp tells the sinks of what was recorded up to the position and nobody has told them of: while Run was not running, or by
// another process before this one. The sweep would miss the orders that have ended meanwhile, and all products.
func (f *Feed) catchUp(ctx context.Context, position eventcore.Position) error {
	var touched Touched
	query := eventcore.Query{After: f.told, Filter: f.registry.WithOldNames(saga.OpenOrders().Filter)}
	for event, err := range f.store.Read(ctx, query) {
		if err != nil {
			return fmt.Errorf("read what was recorded since position %d: %w", f.told, err)
		}
		if event.Position > position {
			break
		}
		f.touch(&touched, &event)
		if len(touched.Orders) >= maxTouched {
			f.tell(touched)
			touched = Touched{}
		}
	}
	f.tell(touched)
	f.told = position
	return nil
}

func (f *Feed) observe(batch eventcore.Batch) {
	touched := Touched{Recorded: true}
	for i := range batch.Events {
		f.touch(&touched, &batch.Events[i])
	}
	if len(touched.Orders) > 0 || len(touched.Products) > 0 {
		f.tell(touched)
	}
	f.told = batch.Through
}

// touch adds the orders and products that the event is about, or that have waited for it.
func (f *Feed) touch(touched *Touched, event *eventcore.Event) {
	products := saga.ProductsOf(event)
	touched.Products = append(touched.Products, products...)
	if id, ok := saga.OrderOf(event); ok {
		touched.Orders = append(touched.Orders, id)
		f.remember(id, *event)
		f.correlate(id, event)
		return
	}
	for _, product := range products { // supplied: all else that moves stock belongs to an order
		waiting := f.waiters.For(saga.ReasonWaitingForProduct, product.Namespace, product.Name)
		touched.Orders = append(touched.Orders, waiting...)
	}
}

// remember notes what the order waits for now. The event is a copy: decoding must not touch what other readers share.
// One that can't be decoded has ended the projection already.
func (f *Feed) remember(id saga.OrderID, event eventcore.Event) {
	if f.registry.Decode(&event) != nil {
		return
	}
	if waiting, ok := event.Payload.(saga.StepWaiting); ok {
		f.waiters.Add(id, waiting)
	} else if !saga.KeepsWaiting(event.Payload) {
		f.waiters.Forget(id)
	}
}

// correlate notes the order's correlation id.
func (f *Feed) correlate(id saga.OrderID, event *eventcore.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.correlations.note(id, event.Metadata.CorrelationID)
	if event.Type == "OrderCompleted" || event.Type == "OrderCancelled" {
		f.correlations.end(id)
	}
}

// tell calls the sinks without the lock: one may have to wait for a commit, and nobody else is to wait for it.
func (f *Feed) tell(touched Touched) {
	f.mu.Lock()
	sinks := slices.Collect(maps.Values(f.sinks))
	f.mu.Unlock()
	for _, sink := range sinks {
		sink(touched)
	}
}
