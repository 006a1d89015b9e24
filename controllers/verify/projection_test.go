// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// storeWith returns a store that holds the log.
func storeWith(t *testing.T, payloads []any) eventcore.Store {
	t.Helper()
	store := memory.New(memory.Options{})
	registry := saga.NewRegistry()
	for _, e := range log(payloads...) {
		encoded, err := registry.Encode(e.Payload)
		if err != nil {
			t.Fatal(err)
		}
		encoded.ID, encoded.Streams, encoded.RecordedAt, encoded.Metadata = uuid.New(), e.Streams, e.RecordedAt, e.Metadata
		for i := range encoded.Streams {
			encoded.Streams[i].Version = 0
		}
		if _, err = store.Append(t.Context(), eventcore.AppendRequest{ID: uuid.New(), Events: []eventcore.Event{encoded}}); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func project(t *testing.T, store eventcore.Store, monitor *verify.Monitor) *eventcore.Projector {
	t.Helper()
	projector, err := eventcore.NewProjector(t.Context(), store, saga.NewRegistry(), monitor.Projection(), eventcore.ProjectorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := projector.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return projector
}

func TestAMonitorFindsWhatACheckOfTheLogFinds(t *testing.T) {
	for _, o := range offences {
		if o.evidence.Movements != nil || o.evidence.Orders != nil || o.evidence.Products != nil ||
			slices.Contains(verify.AtRest(), o.rule) || o.name == "an event out of order" {
			continue
		}
		t.Run(string(o.rule)+": "+o.name, func(t *testing.T) {
			var told []verify.Violation
			monitor := verify.NewMonitor(verify.MonitorOptions{StoreID: storeID, Violated: func(v verify.Violation) { told = append(told, v) }})
			store := storeWith(t, o.log)
			projector := project(t, store, monitor)
			if err := projector.Save(t.Context()); err != nil {
				t.Fatal(err)
			}
			if monitor.Counts()[o.rule] == 0 || !slices.Contains(rulesOf(told), o.rule) {
				t.Errorf("counted %v, told of %v", monitor.Counts(), told)
			}
			again := verify.NewMonitor(verify.MonitorOptions{StoreID: storeID})
			kept, err := verify.Found(project(t, store, again).Documents())
			if err != nil || !slices.Contains(rulesOf(kept), o.rule) {
				t.Errorf("after a restart it is %v, %v", kept, err)
			}
			if len(again.Counts()) > 0 {
				t.Errorf("counted again after a restart: %v", again.Counts())
			}
		})
	}
}

func TestAMonitorForgetsOrdersThatAreSettled(t *testing.T) {
	for _, way := range [][]any{happy, undone} {
		monitor := verify.NewMonitor(verify.MonitorOptions{StoreID: storeID})
		for key := range project(t, storeWith(t, way), monitor).Documents() {
			if !strings.HasPrefix(key, "product/") {
				t.Errorf("%s is kept", key)
			}
		}
		if counts := monitor.Counts(); len(counts) > 0 {
			t.Errorf("found %v", counts)
		}
	}
}

func TestAMonitorTellsOfAnOrderThatIsStuck(t *testing.T) {
	projector := project(t, storeWith(t, paid), verify.NewMonitor(verify.MonitorOptions{StoreID: storeID}))
	for _, test := range []struct {
		now   time.Time
		stuck bool
	}{
		{start.Add(time.Minute), false},
		{start.Add(time.Hour), true},
	} {
		overdue, err := verify.Overdue(projector.Documents(), test.now, 10*time.Minute)
		if err != nil || slices.Contains(rulesOf(overdue), verify.NothingStuck) != test.stuck || !test.stuck && len(overdue) > 0 {
			t.Errorf("at %s: %v, %v", test.now, overdue, err)
		}
	}
}
