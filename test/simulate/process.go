// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/inventory"
	"github.com/eventcore/order-operator/controllers/kube"
	"github.com/eventcore/order-operator/controllers/order"
	"github.com/eventcore/order-operator/controllers/payment"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/shipping"
	"github.com/eventcore/order-operator/controllers/watch"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

// As in cmd/manager: when an order is looked at again after an error in the background, and how far apart the tries to
// follow the events are.
const (
	retryAfter = 5 * time.Second
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// process is one run of the manager.
type process struct {
	world *World
	name  string
	// paused is set while it is stopped, as by SIGSTOP: it gets neither answers, nor work, nor news.
	paused bool
	// crashed is closed when nothing that it does reaches the world any more.
	crashed chan struct{}
	// ended is closed when all its goroutines are gone.
	ended  chan struct{}
	stop   context.CancelFunc
	faults *storetest.Faults
	store  processStore
	// busy is what the executor is at with the store, nil for nothing.
	busy atomic.Pointer[appending]
	// told is the last position that the process knows.
	told atomic.Uint64

	manager   *simulatedManager
	informers map[kind]*informer
	feed      *feed.Feed
	services  *runner.Services

	mu     sync.Mutex
	dead   bool
	failed error
	// alarm is why the process took the store for one that was rolled back.
	alarm  error
	jitter *rand.Rand
	queues []*queue
}

// newProcess starts a manager. It may fail as a real one may: then it has ended.
func (w *World) newProcess(slot int) *process {
	w.started++
	p := &process{
		world: w, name: fmt.Sprintf("m%d.%d", slot, w.started), crashed: make(chan struct{}), ended: make(chan struct{}),
		jitter:    rand.New(rand.NewPCG(w.random.Uint64(), 1)),
		informers: map[kind]*informer{},
	}
	p.faults = storetest.NewFaults(w.store, w.storeFaults())
	p.store = processStore{Faults: p.faults, process: p}
	p.manager = newManager(p)
	if head, err := w.store.Head(context.Background()); err == nil {
		p.hears(head) // it has opened the store
	}
	for _, k := range allKinds {
		lag := 0
		if w.chance(w.faults.staleList) {
			lag = w.random.IntN(8)
		}
		p.informers[k] = newInformer(p, k, w.server.tables[k], lag)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = cancel
	go p.run(ctx)
	return p
}

// run is what main does.
func (p *process) run(ctx context.Context) {
	defer close(p.ended)
	if err := p.setup(ctx); err != nil {
		p.fail(err)
	} else {
		p.manager.start(ctx)
	}
	<-ctx.Done()
	p.manager.running.Wait()
	if p.services != nil {
		p.services.Close()
	}
}

// setup puts the operator together as cmd/manager does.
func (p *process) setup(ctx context.Context) (err error) {
	mgr := p.manager
	p.feed = feed.New(p.store)
	checker, err := watch.New(watch.Options{
		Store: p.store, Metrics: prometheus.NewRegistry(), Logger: mgr.GetLogger(), Wake: p.feed.Wake, Clock: time.Now,
	})
	if err != nil {
		return err
	}
	paying := &payment.Gateways{Reader: mgr.GetClient(), Clock: time.Now, Simulated: bankClient{process: p}}
	shippers := &shipping.Carriers{Reader: mgr.GetClient(), Clock: time.Now, Simulated: carrierClient{process: p}}
	p.services, err = runner.NewServices(ctx, p.store, runner.ServicesOptions{
		Gateways: paying, Carriers: shippers, Tokens: payment.Tokens{Reader: mgr.GetAPIReader()},
		GatewaySettings: payment.Settings(mgr.GetClient()), CarrierSettings: shipping.Settings(mgr.GetClient()),
		CallTimeout: callTimeout, Jitter: p.random, Gather: p.gather,
		Report: func(id saga.OrderID, _ error) { p.feed.Later(id, retryAfter) },
	})
	if err != nil {
		return err
	}
	usage := kube.Usage{Open: p.feed.CurrentOpenOrders, Order: p.services.Fold}
	identity := p.store.Identity()
	for _, add := range []func() error{
		func() error {
			r := &order.Reconciler{
				Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Recorder: mgr.GetEventRecorder("order-operator"),
				Open: p.feed.OpenOrders, CaughtUp: p.feed.CaughtUp,
				Engine: p.services.Order, Identity: identity, Clock: time.Now, Violation: checker.Order, Behind: p.behind,
			}
			return r.SetupWithManager(mgr, p.feed)
		},
		func() error {
			r := &inventory.ProductReconciler{
				Client: mgr.GetClient(), Engine: p.services.Inventory, Identity: identity, Clock: time.Now, Violation: checker.Product,
			}
			return r.SetupWithManager(mgr, p.feed)
		},
		func() error {
			r := &payment.GatewayReconciler{
				Client: mgr.GetClient(), Arrived: p.feed.Arrived, Gateways: paying, Usage: usage, Clock: time.Now,
			}
			return r.SetupWithManager(mgr, p.feed, p.services.Payment)
		},
		func() error {
			r := &shipping.CarrierReconciler{
				Client: mgr.GetClient(), Arrived: p.feed.Arrived, Carriers: shippers, Usage: usage, Clock: time.Now,
			}
			return r.SetupWithManager(mgr, p.feed, p.services.Shipping)
		},
		func() error { return mgr.Add(manager.RunnableFunc(p.follow)) },
		func() error { return mgr.Add(manager.RunnableFunc(checker.Run)) },
	} {
		if err := add(); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) random() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.jitter.Float64()
}

// follow has the feed go on after an error, as cmd/manager does.
func (p *process) follow(ctx context.Context) error {
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, lastPause) {
		if err := p.feed.Run(ctx); errors.Is(err, eventcore.ErrRolledBack) {
			p.behind(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

// behind ends the process because the store seems to have lost what was in it: it never does.
func (p *process) behind(err error) {
	p.mu.Lock()
	p.alarm = err
	p.mu.Unlock()
	p.fail(err)
}

// gather lets everybody come who shares a commit: in the program, that is who happens to be faster.
func (p *process) gather() {
	_ = p.world.ask(context.Background(), p, &request{
		label: p.name + " gathers", read: true, arrive: func() time.Duration { return 0 },
	})
}

func (p *process) isDead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// gone returns errCrashed once the process is dead.
func (p *process) gone() error {
	if p.isDead() {
		return errCrashed
	}
	return nil
}

// crash ends the process at once: nothing that it does from now on reaches the world.
func (p *process) crash() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.dead {
		p.dead = true
		close(p.crashed)
		p.faults.Crash()
		p.stop()
	}
}

// fail notes why the process ends by itself, and has it ended.
func (p *process) fail(err error) {
	p.mu.Lock()
	if p.failed == nil {
		p.failed = err
	}
	p.mu.Unlock()
	p.world.wake()
}

func (p *process) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// workQueues are in the order of their names: controllers start at the same time.
func (p *process) workQueues() []*queue {
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.SortFunc(p.queues, func(a, b *queue) int { return strings.Compare(a.name, b.name) })
	return p.queues
}
