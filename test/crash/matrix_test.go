// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"flag"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// twice adds the full form of the matrix: every crash is followed by another one at each later boundary.
var twice = flag.Bool("matrix.twice", false, "crash a second time at every boundary after every crash")

// matrix counts what TestTheOperatorSurvivesEveryCrash has done.
type matrix struct {
	scenarios, boundaries, writes, runs, missed atomic.Int64
}

// TestTheOperatorSurvivesEveryCrash plays every scenario once to learn the boundaries between the operator and the world,
// and then once for each of them: there the process dies. Whatever the next one makes of the order has to be legal, and
// what the API server shows at rest has to be what the events say.
func TestTheOperatorSurvivesEveryCrash(t *testing.T) {
	log.SetLogger(logr.Discard())
	var m matrix
	t.Run("scenarios", func(t *testing.T) {
		for _, s := range scenarios {
			m.scenarios.Add(1)
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				m.play(t, s)
			})
		}
	})
	t.Logf("%d scenarios, %d boundaries, of which %d are writes to the API server, %d crashes; %d boundaries were not reached again",
		m.scenarios.Load(), m.boundaries.Load(), m.writes.Load(), m.runs.Load(), m.missed.Load())
	if runs := m.runs.Load(); runs > 500 && m.missed.Load()*20 > runs { // of a few, chance decides
		t.Error("more than 5% of the crashes did not come about")
	}
}

func (m *matrix) play(t *testing.T, s scenario) {
	t.Helper()
	names := m.run(t, s)
	m.boundaries.Add(int64(len(names)))
	for i, name := range names {
		if isWrite(name) {
			m.writes.Add(1)
		}
		if i%every != 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			after := m.run(t, s, name)
			if !*twice || t.Failed() {
				return
			}
			for _, second := range after[slices.Index(after, name)+1:] {
				m.run(t, s, name, second)
			}
		})
	}
}

// isWrite tells the boundaries at the API server from the others.
func isWrite(name string) bool {
	for _, kind := range []string{"Order ", "Product ", "PaymentGateway ", "Carrier "} {
		if strings.Contains(name, " "+kind) {
			return true
		}
	}
	return false
}

// run plays the scenario, has its processes die at the boundaries, and returns all boundaries that were crossed.
func (m *matrix) run(t *testing.T, s scenario, dying ...string) (names []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dying...)
		s.live(w)
		names = w.points.Names()
		w.audit()
		s.check(w, len(dying) > 0)
		if t.Failed() {
			t.Logf("after a death at %q: %s\n%s", dying, strings.Join(w.history(), " "), strings.Join(names, "\n"))
		}
		m.missed.Add(int64(w.points.Missed()))
	})
	m.runs.Add(int64(len(dying)))
	return names
}

// live plays the scenario to its rest, with one process after the other.
func (s scenario) live(w *world) {
	w.t.Helper()
	over, acted := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(acted)
		s.act(w)
	}()
	go func() {
		defer close(over)
		<-acted
		s.rest(w)
	}()
	var processes []*operator
	defer func() {
		for _, p := range processes {
			p.stop()
		}
	}()
	for {
		p := w.start()
		processes = append(processes, p)
		select {
		case <-w.points.Died():
			p.cancel()
			time.Sleep(time.Second) // until the next process leads
		case <-over:
			return
		}
	}
}

// act does what people do: it stands in the API server, whatever becomes of the operator.
func (s scenario) act(w *world) {
	w.t.Helper()
	for _, m := range append([]moment{{do: s.begin}}, s.moments...) {
		if m.after != "" && !w.saw(w.t.Context(), m.after) {
			return
		}
		select {
		case <-w.t.Context().Done():
			return
		case <-time.After(m.later):
		}
		if err := m.do(w); err != nil {
			w.t.Errorf("%s after %s: %v", m.later, m.after, err)
			return
		}
	}
}

// rest returns when nothing has changed for some minutes, neither in the store nor in the API server, and the order has
// ended or waits for a person. It takes at most three hours of the bubble's time.
func (s scenario) rest(w *world) {
	w.t.Helper()
	const quiet = 3 * time.Minute
	events, writes := 0, 0
	for range 60 {
		time.Sleep(quiet)
		nowEvents, nowWrites := w.events(), w.api.written()
		if nowEvents == events && nowWrites == writes {
			if order := w.order(); order.Outcome != "" || order.Attention != nil {
				return
			}
		}
		events, writes = nowEvents, nowWrites
	}
	w.t.Errorf("the order does not come to rest: %v", w.history())
}
