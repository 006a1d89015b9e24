// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/cmd/kubectl-order/plugin"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// TestAViolationIsFound is the last of all tests that look at the whole store: it charges an order a second time, as no
// operator would.
func TestAViolationIsFound(t *testing.T) {
	const namespace = "broken"
	if err := shared.cluster.CreateNamespace(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	sample(t, namespace, "products")
	sample(t, namespace, "order-001")
	rest(t, namespace, "order-001")
	id := saga.OrderID{Namespace: namespace, Name: "order-001"}
	chargeAgain(t, id)
	as := []string{"-n", namespace}

	got := try(t, rob, append(as, "verify", "order-001", "-o", "wide")...)
	if got.code != plugin.ExitViolated || !strings.Contains(got.out, "order broken/order-001") || !strings.Contains(got.err, "violation") {
		t.Errorf("verify of the order: exit code %d\n%s%s", got.code, got.out, got.err)
	}
	for _, arguments := range [][]string{append(as, "verify", "--full"), {"verify", "-A", "--full"}} {
		if got := try(t, rob, arguments...); got.code != plugin.ExitViolated || !strings.Contains(got.out, "EndsOnce") {
			t.Errorf("%q: exit code %d\n%s%s", arguments, got.code, got.out, got.err)
		}
	}
	// The running checker saves what it has found a little later.
	until(t, func() bool { return try(t, rob, append(as, "verify")...).code == plugin.ExitViolated })
	if got := try(t, ada, "verify"); got.code != plugin.ExitOK {
		t.Errorf("verify of the shop: exit code %d\n%s%s", got.code, got.out, got.err)
	}
}

func chargeAgain(t *testing.T, id saga.OrderID) {
	t.Helper()
	events, err := shared.witness.Events(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(events, func(e eventcore.Event) bool { return e.Type == "PaymentProcessed" })
	again := eventcore.Event{
		ID: uuid.New(), Type: events[i].Type, SchemaVersion: events[i].SchemaVersion, Data: events[i].Data,
		Metadata: events[i].Metadata, RecordedAt: time.Now(),
	}
	for _, m := range events[i].Streams {
		again.Streams = append(again.Streams, eventcore.Membership{Stream: m.Stream})
	}
	request := eventcore.AppendRequest{ID: uuid.New(), Events: []eventcore.Event{again}}
	if _, err := shared.witness.Store.Append(t.Context(), request); err != nil {
		t.Fatal(err)
	}
}
