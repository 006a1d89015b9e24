// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/test/harness"
)

// TestTheDemoEndsWithTheCheckersWord judges a store in which a product's supply is recorded, and then shrinks.
func TestTheDemoEndsWithTheCheckersWord(t *testing.T) {
	witness := &harness.Witness{Store: memory.New(memory.Options{}), Payments: ledgertest.Open(t, ""), Shipments: ledgertest.Open(t, "")}
	supply(t, witness.Store, 10)
	shown, err := judged(t, witness)
	if err != nil || !strings.Contains(shown, "every rule holds: 1 events, 0 orders, 1 products, 0 entries of the providers' ledgers") {
		t.Errorf("of a clean store it says %v, and shows %q", err, shown)
	}

	supply(t, witness.Store, 4)
	shown, err = judged(t, witness)
	if err == nil || !strings.Contains(err.Error(), "1 violations of the rules") || !strings.Contains(err.Error(), "SupplyOnlyGrows") {
		t.Errorf("of a damaged store it says %v", err)
	}
	if !strings.Contains(shown, "violated: SupplyOnlyGrows of product shop/pen") || strings.Contains(shown, "every rule holds") {
		t.Errorf("of a damaged store it shows %q", shown)
	}
}

func supply(t *testing.T, store eventcore.Store, received int64) {
	t.Helper()
	id := saga.ProductID{Namespace: namespace, Name: "pen"}
	event, err := saga.NewRegistry().Encode(saga.StockSupplied{Supply: []saga.SupplyTotal{{Source: "factory", Received: received}}})
	if err != nil {
		t.Fatal(err)
	}
	event.ID, event.Streams = uuid.New(), []eventcore.Membership{{Stream: id.Stream()}}
	event.Metadata = eventcore.Metadata{
		CorrelationID: store.Identity().StoreID.String() + "/" + id.String(), Actor: string(saga.InventoryService),
	}
	if _, err := store.Append(t.Context(), eventcore.AppendRequest{ID: uuid.New(), Events: []eventcore.Event{event}}); err != nil {
		t.Fatal(err)
	}
}

// judged returns what the checker shows of the books, and its error.
func judged(t *testing.T, witness *harness.Witness) (string, error) {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := commercev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	books, err := harness.ReadBooks(t.Context(), witness, fake.NewClientBuilder().WithScheme(scheme).Build(), namespace)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "screen")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	verdict := (&production{screen: newScreen(file)}).judge(books)
	shown, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(shown), verdict
}
