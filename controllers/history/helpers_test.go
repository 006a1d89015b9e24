// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/google/uuid"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/eventcore/order-operator/controllers/history"
	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

var (
	storeID = uuid.MustParse("00000000-0000-4000-8000-000000000001")
	first   = saga.OrderID{Namespace: "shop", Name: "order-001"}
	start   = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	three   = []saga.StockLine{{Product: "pen", Quantity: 3}}
	total   = saga.Money{Currency: "USD", Minor: 1500}
)

// secret is the token that is let in. It must show up nowhere.
const secret = "s3cr3t-token"

// gate lets the secret into all namespaces but "closed", and whatever test says.
type gate struct {
	mu     sync.Mutex
	closed error
	asked  []string
}

func (g *gate) Check(_ context.Context, token, namespace, name string) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, namespace+"/"+name)
	switch {
	case g.closed != nil:
		return "", g.closed
	case token != secret:
		return "", apierrors.NewUnauthorized("who are you?")
	case namespace == "closed":
		return "", apierrors.NewForbidden(schema.GroupResource{Resource: "orders"}, name, nil)
	}
	return "ada", nil
}

func (g *gate) close(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = err
}

// office is a store with the API in front of it.
type office struct {
	*testing.T
	eventcore.Store

	gate    *gate
	handler http.Handler
	server  *httptest.Server
	mu      sync.Mutex
	log     strings.Builder
}

func newOffice(t *testing.T, limits history.Limits) *office {
	t.Helper()
	o := &office{T: t, Store: memory.New(memory.Options{StoreID: storeID}), gate: &gate{}}
	logger := funcr.New(func(prefix, args string) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.log.WriteString(prefix + args + "\n")
	}, funcr.Options{Verbosity: 9})
	o.handler = history.NewHandler(history.Options{
		Store: o, Access: o.gate, Logger: logger, Clock: func() time.Time { return start.Add(time.Hour) }, Limits: limits,
	})
	o.server = httptest.NewServer(o.handler)
	t.Cleanup(func() {
		o.server.Close()
		if err := o.Close(); err != nil {
			t.Error(err)
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		if strings.Contains(o.log.String(), secret) {
			t.Error("the log holds the token")
		}
	})
	return o
}

// records appends events of the order, a second apart.
func (o *office) records(id saga.OrderID, payloads ...any) {
	o.Helper()
	for _, payload := range payloads {
		o.append(id, payload)
	}
}

func (o *office) append(id saga.OrderID, payload any) {
	o.Helper()
	event, err := saga.NewRegistry().Encode(payload)
	if err != nil {
		o.Fatal(err)
	}
	head, err := o.Head(o.Context())
	if err != nil {
		o.Fatal(err)
	}
	event.ID, event.RecordedAt = uuid.New(), start.Add(time.Duration(head)*time.Second)
	event.Metadata = eventcore.Metadata{
		CommandType: "Test", CorrelationID: storeID.String() + "/" + id.String() + "/1", Actor: "order", Causation: head,
	}
	for _, stream := range streamsOf(id, payload) {
		event.Streams = append(event.Streams, eventcore.Membership{Stream: stream})
	}
	if _, err := o.Append(o.Context(), eventcore.AppendRequest{ID: uuid.New(), Events: []eventcore.Event{event}}); err != nil {
		o.Fatal(err)
	}
}

func streamsOf(id saga.OrderID, payload any) []eventcore.StreamID {
	pen := id.Product("pen").Stream()
	switch payload.(type) {
	case saga.StockSupplied:
		return []eventcore.StreamID{saga.InventoryAggregate, pen}
	case saga.StockReserved, saga.StockReservationReleased, saga.OrderCompleted:
		return []eventcore.StreamID{id.Stream(), pen}
	}
	return []eventcore.StreamID{saga.OrderAggregate, id.Stream()}
}

func call(id saga.OrderID, step string) saga.Call {
	return saga.Call{
		Generation: 1, Try: 1, Key: storeID.String() + "/" + id.String() + "/1/" + step + "/1", Deadline: start.Add(10 * time.Second),
	}
}

func supplied() any {
	return saga.StockSupplied{Supply: []saga.SupplyTotal{{Source: "factory", Received: 10}}}
}

// ordered is an order with its stock. Its customer has an address.
func ordered() []any {
	return []any{
		saga.OrderCreated{
			UID: "uid-1", Attempt: 1, Customer: saga.Customer{ID: "cust-1", Email: "ada@example.org"},
			Lines: []saga.Line{{Product: "pen", Quantity: 3, UnitPrice: saga.Money{Currency: "USD", Minor: 500}}},
			Total: total, Gateway: "default", CaptureMode: saga.CaptureImmediate, Carrier: "default",
			Address:  saga.Address{Name: "Ada Secretive", Lines: []string{"1 Hidden Street"}, City: "Nowhere", Country: "US"},
			Deadline: start.Add(2 * time.Hour), FlowVersion: 1,
		},
		saga.StockReserved{Lines: three},
	}
}

func paid(id saga.OrderID) []any {
	return []any{
		saga.PaymentRequested{Call: call(id, saga.ProcessPayment), Gateway: "default", Amount: total},
		saga.PaymentProcessed{Generation: 1, Reference: "ch_1", Amount: total},
	}
}

func shipped(id saga.OrderID) []any {
	return []any{
		saga.ShipmentRequested{Call: call(id, saga.CreateShipment), Carrier: "default"},
		saga.ShipmentCreated{Generation: 1, Reference: "sh_1", TrackingNumber: "T0001"},
		saga.OrderCompleted{Lines: three},
	}
}

// get asks, as Ada, and returns the code and the body.
func (o *office) get(path string) (int, []byte) {
	o.Helper()
	response := o.open(o.Context(), path, secret)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		o.Fatal(err)
	}
	return response.StatusCode, body
}

func (o *office) open(ctx context.Context, path, token string) *http.Response {
	o.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.server.URL+"/history/v1"+path, http.NoBody)
	if err != nil {
		o.Fatal(err)
	}
	if token != "" {
		request.Header.Set(historyv1.TokenHeader, "Bearer "+token)
	}
	response, err := o.server.Client().Do(request)
	if err != nil {
		o.Fatal(err)
	}
	return response
}

// tells asks for something that is there.
func tells[T any](o *office, path string) T {
	o.Helper()
	code, body := o.get(path)
	var document T
	if err := json.Unmarshal(body, &document); err != nil || code != http.StatusOK {
		o.Fatalf("%s: %d %v: %s", path, code, err, body)
	}
	return document
}
