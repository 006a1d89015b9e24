// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// examples returns one event of each type, with every field set. The golden log holds them in this order.
func examples() []any {
	at := time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)
	lines := []saga.StockLine{{Product: "laptop-001", Quantity: 1}, {Product: "mouse-001", Quantity: 2}}
	call := saga.Call{Generation: 2, Try: 3, Key: "store/shop/order-001/1/Step/2", Deadline: at}
	return []any{
		saga.OrderCreated{
			UID: "uid-1", Attempt: 1, Customer: saga.Customer{ID: "cust-123", Email: "ada@example.org"},
			Lines: created.Lines, Total: usd(150_000), Gateway: "default", CaptureMode: "Immediate", Carrier: "parcels",
			Address: saga.Address{
				Name: "Ada <Example>", Lines: []string{"1 Sample Street"}, City: "Springfield", PostalCode: "12345", Country: "US",
			},
			Deadline: at, FlowVersion: 1,
		},
		saga.OrderAttached{UID: "uid-2"},
		saga.DeadlineExceeded{Deadline: at},
		saga.CompensationStarted{Step: saga.ProcessPayment, Reason: saga.ReasonPaymentDeclined, Message: "Declined"},
		saga.OrderCancelled{Reason: saga.ReasonPaymentDeclined, Message: "Declined"},
		saga.OrderCompleted{Lines: lines},
		saga.StockSupplied{Supply: []saga.SupplyTotal{{Source: "factory", Received: 10, Removed: 1}}},
		saga.StockReserved{Lines: lines},
		saga.StockReservationFailed{Shortages: []saga.Shortage{{Product: "laptop-001", Requested: 100, Available: 9}}},
		saga.StockReservationReleased{Lines: lines},
		saga.PaymentRequested{Call: call, Gateway: "default", Amount: usd(150_000)},
		saga.PaymentProcessed{Generation: 2, Reference: "ch_1", Amount: usd(150_000)},
		saga.PaymentFailed{Generation: 2, Code: "card_declined", Message: "Declined"},
		saga.RefundRequested{Call: call, Reference: "ch_1", Amount: usd(150_000)},
		saga.PaymentRefunded{Generation: 2, Reference: "re_1", Amount: usd(150_000)},
		saga.ShipmentRequested{Call: call, Carrier: "parcels"},
		saga.ShipmentCreated{Generation: 2, Reference: "sh_1", TrackingNumber: "T1"},
		saga.ShipmentFailed{Generation: 2, Code: "address_refused", Message: "Refused"},
		saga.ShipmentCancelRequested{Call: call, Reference: "sh_1"},
		saga.ShipmentCancelled{Generation: 2, Reference: "sh_1"},
		saga.StepWaiting{Step: saga.ProcessPayment, Reason: saga.ReasonWaitingForGateway, Name: "default"},
		saga.StepRetryScheduled{
			Step: saga.ProcessPayment, Undo: true, Generation: 2, Try: 3, NotBefore: at, Fenced: true, Message: "Unavailable",
		},
		saga.OutcomeUnknown{
			Step: saga.ProcessPayment, Undo: true, Generation: 2, Try: 3, NotBefore: at, Message: "No answer",
		},
		saga.AttentionRequired{Step: saga.ProcessPayment, Undo: true, Reason: saga.ReasonRefundRefused, Message: "Refused"},
		saga.OrderCancellationRequested{Reason: saga.ReasonCancelledByUser},
		saga.OrderSuspended{Reason: saga.ReasonOrderDeleted, CancelAt: at},
		saga.OrderResumed{},
		saga.OrderShipped{Reference: "sh_1"},
		saga.PaymentRequested{Call: call, Gateway: "default", Amount: usd(150_000), Authorize: true, Prepared: "pi_1"},
		saga.PaymentProcessed{Generation: 2, Reference: "ch_1", Amount: usd(150_000), Authorized: true},
		saga.CaptureRequested{Call: call, Reference: "ch_1", Amount: usd(150_000)},
		saga.PaymentCaptured{Generation: 2, Reference: "cp_1", Amount: usd(150_000)},
		saga.PaymentFailed{Generation: 2, Capture: true, Code: "expired", Message: "Refused"},
		saga.RefundRequested{Call: call, Void: true, Reference: "ch_1", Amount: usd(150_000)},
		saga.PaymentVoided{Generation: 2, Reference: "ch_1"},
		saga.AttentionRequired{
			Step: saga.ProcessPayment, Undo: true, Reason: saga.ReasonOutcomeUnknown, Message: "No answer", NotBefore: at,
		},
		saga.AttentionResolved{
			Attention: 42, Step: saga.ProcessPayment, Undo: true, Action: saga.ResolveSkip, Reason: "Paid back in cash",
			Actor: "ada@example.org", Reference: "till-7",
		},
		saga.CallDoubted{Step: saga.ProcessPayment, Call: call},
		saga.RollbackSuspected{Epoch: 1, Reason: "Position 9 was seen, the head is 7"},
		saga.RollbackAccepted{Epoch: 2},
	}
}

// stored is an event as a store keeps it.
type stored struct {
	Type          string          `json:"type"`
	SchemaVersion int             `json:"schemaVersion"`
	Data          json.RawMessage `json:"data"`
}

func golden(t *testing.T) []stored {
	t.Helper()
	file, err := os.Open("testdata/golden/v1.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var events []stored
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		var event stored
		if err := json.Unmarshal(scanner.Bytes(), &event); err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

// TestTheGoldenLogIsReadAndWrittenByteForByte keeps what stores hold readable. Its lines are never changed: a shape
// that has to change gets a new schema version, and a line for it.
func TestTheGoldenLogIsReadAndWrittenByteForByte(t *testing.T) {
	registry := saga.NewRegistry()
	log, want := golden(t), examples()
	if len(log) != len(want) {
		t.Fatalf("%d golden events, %d examples", len(log), len(want))
	}
	for i, line := range log {
		event := eventcore.Event{Type: line.Type, SchemaVersion: line.SchemaVersion, Data: line.Data}
		if err := registry.Decode(&event); err != nil {
			t.Error(err)
		}
		if !reflect.DeepEqual(event.Payload, want[i]) {
			t.Errorf("%s was read as\n%+v, want\n%+v", line.Type, event.Payload, want[i])
		}
		written, err := registry.Encode(want[i])
		if err != nil {
			t.Fatal(err)
		}
		if written.Type != line.Type || written.SchemaVersion != line.SchemaVersion || !bytes.Equal(written.Data, line.Data) {
			t.Errorf("%s version %d was written as\n%s, want\n%s", written.Type, written.SchemaVersion, written.Data, line.Data)
		}
	}
}

func TestEveryRegisteredTypeOccursInTheGoldenLog(t *testing.T) {
	source, err := os.ReadFile("events.go")
	if err != nil {
		t.Fatal(err)
	}
	registered := regexp.MustCompile(`eventcore\.Type\[(\w+)\]\("(\w+)", (\d+)\)`).FindAllStringSubmatch(string(source), -1)
	if len(registered) < 20 {
		t.Fatalf("only %d registrations found", len(registered))
	}
	in := map[string]bool{}
	for _, event := range golden(t) {
		in[event.Type] = true
	}
	for _, match := range registered {
		if goType, name := match[1], match[2]; goType != name || !in[name] {
			t.Errorf("%s is registered as %s, in the log: %v", goType, name, in[name])
		}
	}
	if len(in) != len(registered) {
		t.Errorf("%d types in the log, %d registered", len(in), len(registered))
	}
}

func TestNoFieldOfAnEventIsLost(t *testing.T) {
	registry := saga.NewRegistry()
	for _, example := range examples() {
		full := reflect.New(reflect.TypeOf(example)).Elem()
		number := 0
		fill(t, full, &number)
		event, err := registry.Encode(full.Interface())
		if err != nil {
			t.Fatal(err)
		}
		event.Payload = nil
		if err := registry.Decode(&event); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(event.Payload, full.Interface()) {
			t.Errorf("%s: %+v became %+v", event.Type, full, event.Payload)
		}
	}
}

// fill sets every field to a value of its own.
func fill(t *testing.T, value reflect.Value, number *int) {
	t.Helper()
	*number++
	switch value.Kind() {
	case reflect.String:
		value.SetString(strings.Repeat("x", *number))
	case reflect.Int, reflect.Int64:
		value.SetInt(int64(*number))
	case reflect.Uint64:
		value.SetUint(uint64(*number))
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 2, 2))
		fill(t, value.Index(0), number)
		fill(t, value.Index(1), number)
	case reflect.Struct:
		if value.Type() == reflect.TypeFor[time.Time]() {
			value.Set(reflect.ValueOf(start.Add(time.Duration(*number))))
			return
		}
		for _, field := range value.Fields() {
			fill(t, field, number)
		}
	default:
		t.Fatalf("an event holds a %s: lists and plain values only", value.Type())
	}
}

func TestEventsAreEncodedInTheHouseForm(t *testing.T) {
	var check func(within reflect.Type)
	check = func(within reflect.Type) {
		if within.Kind() == reflect.Slice {
			within = within.Elem()
		}
		if within == reflect.TypeFor[eventcore.StreamID]() {
			t.Errorf("a stream id in a payload")
		}
		if within.Kind() != reflect.Struct || within == reflect.TypeFor[time.Time]() {
			return
		}
		for field := range within.Fields() {
			tag := field.Tag.Get("json")
			if !regexp.MustCompile(`^[a-z][a-zA-Z]*(,omitzero)?$`).MatchString(tag) {
				t.Errorf("%s.%s has the JSON tag %q, want lowerCamel and at most omitzero", within, field.Name, tag)
			}
			check(field.Type)
		}
	}
	for _, example := range examples() {
		check(reflect.TypeOf(example))
	}
}
