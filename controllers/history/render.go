// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"encoding/json"
	"fmt"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
	"github.com/eventcore/order-operator/controllers/order"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
)

// render returns the event as readers see it. One that could not be decoded is shown without its data.
func render(event *eventcore.Event) (historyv1.Event, error) {
	data, err := publicData(event.Payload)
	if err != nil {
		return historyv1.Event{}, fmt.Errorf("encode event %d (%s): %w", event.Position, event.Type, err)
	}
	m := event.Metadata
	if resolved, ok := event.Payload.(saga.AttentionResolved); ok {
		m.Actor = resolved.Actor // the order service has only passed it on
	}
	return historyv1.Event{
		Position: uint64(event.Position), Time: event.RecordedAt, Type: event.Type, Version: event.SchemaVersion,
		Sentence: Sentence(event), Actor: m.Actor, Command: m.CommandType, Causation: uint64(m.Causation),
		Correlation: m.CorrelationID, TraceContext: m.TraceContext, Data: data,
	}, nil
}

// publicData encodes the payload without what only concerns the customer. What a program's own services have recorded is
// left out: nobody here knows whom it concerns.
func publicData(payload any) (json.RawMessage, error) {
	if created, ok := payload.(saga.OrderCreated); ok {
		created.Customer.Email, created.Address = "", saga.Address{}
		return withoutAddress(created)
	}
	if _, known := sentences[reflect.TypeOf(payload)]; !known {
		return nil, nil
	}
	return json.Marshal(payload)
}

// withoutAddress leaves out the empty address that encoding/json would write.
func withoutAddress(created saga.OrderCreated) (json.RawMessage, error) {
	return json.Marshal(struct {
		saga.OrderCreated
		Address *saga.Address `json:"address,omitempty"`
	}{OrderCreated: created})
}

// state returns what is known of an order whose events were folded.
func state(snapshot eventcore.Snapshot[saga.Order], last *eventcore.Event, identity eventcore.Identity) historyv1.State {
	folded := snapshot.State
	content := historyv1.Content{
		UIDs: folded.UIDs, Customer: folded.Content.Customer.ID, Currency: folded.Content.Total.Currency,
		Gateway: folded.Content.Gateway, CaptureMode: folded.Content.CaptureMode, Carrier: folded.Content.Carrier,
		Deadline: folded.Content.Deadline,
	}
	for _, line := range folded.Content.Lines {
		content.Items = append(content.Items, historyv1.Item{
			Product: line.Product, Quantity: line.Quantity, UnitPrice: line.UnitPrice.String(),
		})
	}
	return historyv1.State{
		Namespace: folded.ID.Namespace, Name: folded.ID.Name, Position: uint64(folded.Position),
		Time: last.RecordedAt, Events: uint64(snapshot.Version), Order: content, Status: status(folded, identity),
	}
}

// status projects the order for the object that it was accepted from.
func status(folded saga.Order, identity eventcore.Identity) commercev1.OrderStatus {
	object := &commercev1.Order{ObjectMeta: metav1.ObjectMeta{
		Namespace: folded.ID.Namespace, Name: folded.ID.Name, UID: types.UID(folded.Content.UID),
		CreationTimestamp: metav1.NewTime(folded.CreatedAt),
	}}
	return order.Project(object, folded, identity, nil)
}

// violations renders what was found in the namespaces that the reader may see.
func violations(found []verify.Violation) []historyv1.Violation {
	list := make([]historyv1.Violation, 0, len(found))
	for _, v := range found {
		row := historyv1.Violation{Rule: string(v.Rule), Explanation: plain(v.Explanation)}
		switch {
		case v.Order != saga.OrderID{}:
			row.Kind, row.Namespace, row.Name = "Order", v.Order.Namespace, v.Order.Name
		case v.Product != saga.ProductID{}:
			row.Kind, row.Namespace, row.Name = "Product", v.Product.Namespace, v.Product.Name
		}
		for _, position := range v.Positions {
			row.Positions = append(row.Positions, uint64(position))
		}
		list = append(list, row)
	}
	return list
}
