// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tortureoperator

import (
	"context"
	"math/rand/v2"
	"regexp"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/test/harness"
)

// patience bounds what comes after the torture: every order must end.
const patience = 5 * time.Minute

// target is a way to run the operator, and what happens to it.
type target struct {
	name     string
	postgres bool
	managers int
	// elected lets one manager work at a time, and the others wait.
	elected bool
	faults  []fault
	// share is how large a part of all kills is this target's. Who is elected only after a Lease has run out is killed
	// more slowly.
	share int
}

var targets = []target{
	{
		name: "SQLite, one manager", managers: 1, share: 5,
		faults: []fault{crashAPIServer, crashEtcd, crashProvider, fillDisk},
	},
	{
		name: "PostgreSQL, two managers, one of them elected", postgres: true, managers: 2, elected: true, share: 1,
		faults: []fault{crashAPIServer, crashEtcd, crashProvider, crashPostgres, stopManager},
	},
	{
		name: "PostgreSQL, two managers at once", postgres: true, managers: 2, share: 4,
		faults: []fault{crashAPIServer, crashEtcd, crashProvider, crashPostgres, stopManager},
	},
}

func TestMoneyAndStockAreRightWhateverBreaks(t *testing.T) {
	t.Logf("the same again, as far as processes allow: -args -seed=%d -duration=%s -kills=%d", *seed, *duration, *kills)
	wanted, err := regexp.Compile(*only)
	if err != nil {
		t.Fatalf("-only: %v", err)
	}
	shares := 0
	for _, target := range targets {
		if wanted.MatchString(target.name) {
			shares += target.share
		}
	}
	for number, target := range targets {
		if !wanted.MatchString(target.name) {
			continue
		}
		t.Run(target.name, func(t *testing.T) {
			w := newWorld(t, target)
			w.torture(t, uint64(number), (*kills*target.share+shares-1)/shares)
			w.judge(t)
		})
	}
}

// torture breaks things while orders come in, and returns when everything runs again.
func (w *world) torture(t *testing.T, stream uint64, kills int) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	random := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(*seed, stream<<8|n)) }
	var busy sync.WaitGroup
	busy.Go(func() { w.orders.come(ctx, random(0)) })
	busy.Go(func() { w.breakThings(ctx, t, random(1)) })
	for number, keeper := range w.keepers {
		busy.Go(func() { keeper.run(ctx, t, random(2+uint64(number))) })
	}
	begin, tick := time.Now(), time.NewTicker(time.Second)
	defer tick.Stop()
	for last := begin; time.Since(begin) < *duration || w.killed() < kills; <-tick.C {
		if time.Since(last) > 10*time.Second && testing.Verbose() {
			last = time.Now()
			t.Logf("%s: %d kills, %d orders, %s", time.Since(begin).Round(time.Second), w.killed(), w.orders.count(), &w.tally)
		}
	}
	stop()
	busy.Wait()
	t.Logf("%d kills in %s, %d managers ended by themselves, %d orders; %s", w.killed(),
		time.Since(begin).Round(time.Second), w.endedThemselves(), w.orders.count(), &w.tally)
}

// breakThings has one fault after another, with pauses in which the managers can work.
func (w *world) breakThings(ctx context.Context, t *testing.T, random *rand.Rand) {
	t.Helper()
	for rest(ctx, random, w.target.pause()) {
		for _, number := range random.Perm(len(w.target.faults)) {
			f := w.target.faults[number]
			w.tally.add(f.name)
			if err := f.strike(ctx, w, random); err != nil {
				t.Errorf("%s: %v", f.name, err)
				return
			}
			if !rest(ctx, random, w.target.pause()) {
				return
			}
		}
	}
}

// pause is how long there is peace at most between two faults.
func (t target) pause() time.Duration {
	if t.elected {
		return 2 * leaseDuration // or nobody would ever lead
	}
	return 4 * time.Second
}

// rest waits for a part of the span, and reports whether there is more to do.
func rest(ctx context.Context, random *rand.Rand, most time.Duration) bool {
	timer := time.NewTimer(most/4 + time.Duration(random.Int64N(int64(most)*3/4)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// judge waits until nothing is open any more, and holds everything against all rules.
func (w *world) judge(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	begin := time.Now()
	for _, keeper := range w.keepers {
		keeper.keep(ctx, t)
	}
	for resumed := false; !resumed && ctx.Err() == nil; {
		resumed = w.orders.resumeAll(ctx)
	}
	ended := w.ended(ctx, t)
	witness := w.witness(ctx, t)
	books, err := w.cluster.Settle(ctx, witness, namespace)
	if err != nil {
		t.Fatal(err)
	}
	for _, violation := range harness.Audit(books) {
		t.Errorf("%v", violation)
	}
	ends, completed := map[string]int{}, 0
	for _, order := range ended {
		ends[string(order.Status.Outcome)+" "+harness.Reason(order)]++
		if order.Status.Outcome == commercev1.OutcomeCompleted {
			completed++
		}
	}
	t.Logf("all had ended %s later: %v; held against each other: %s", time.Since(begin).Round(time.Second), ends, books.Summary())
	if completed == 0 {
		t.Error("no order was completed: the test has tried too little")
	}
}

// ended waits until all Orders have ended, also those whose creation was not answered, and show the last wish of people.
func (w *world) ended(ctx context.Context, t *testing.T) map[string]*commercev1.Order {
	t.Helper()
	var list commercev1.OrderList
	check(t, w.cluster.Client.List(ctx, &list, client.InNamespace(namespace)))
	open, ended := map[string]string{}, map[string]*commercev1.Order{}
	for i := range list.Items {
		open[list.Items[i].Name] = "not seen"
	}
	err := w.cluster.WatchOrders(ctx, namespace, func(order *commercev1.Order, _ bool) bool {
		open[order.Name] = harness.Describe(order)
		if harness.AtRest(order) && order.Status.ObservedGeneration == order.Generation {
			delete(open, order.Name)
			ended[order.Name] = order.DeepCopy()
		}
		return len(open) == 0
	})
	if err != nil {
		t.Fatalf("%v: not ended: %v", err, open)
	}
	return ended
}
