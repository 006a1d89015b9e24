// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"io"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// BenchmarkFollower is what the seven events of an order cost, counted alone, and told in a log of JSON too.
func BenchmarkFollower(b *testing.B) {
	for _, test := range []struct {
		name   string
		logger logr.Logger
	}{{"counted", logr.Discard()}, {"counted and logged", zap.New(zap.WriteTo(io.Discard))}} {
		b.Run(test.name, func(b *testing.B) {
			t, err := New(Options{Metrics: prometheus.NewRegistry(), Logger: test.logger, Clock: time.Now})
			if err != nil {
				b.Fatal(err)
			}
			follower, events := t.Follower(nil), wholeOrder()
			b.ReportAllocs()
			for b.Loop() {
				for i := range events {
					follower.apply(&events[i])
				}
			}
		})
	}
}

func wholeOrder() []eventcore.Event {
	id := saga.OrderID{Namespace: "shop", Name: "order-001"}
	payloads := []any{
		saga.OrderCreated{}, saga.StockReserved{}, saga.PaymentRequested{}, saga.PaymentProcessed{}, saga.ShipmentRequested{},
		saga.ShipmentCreated{}, saga.OrderCompleted{},
	}
	events := make([]eventcore.Event, 0, len(payloads))
	for i, payload := range payloads {
		event, err := saga.NewRegistry().Encode(payload)
		if err != nil {
			panic(err)
		}
		event.Position, event.RecordedAt = eventcore.Position(i+1), time.Unix(int64(i), 0)
		event.Streams = []eventcore.Membership{{Stream: id.Stream()}}
		event.Metadata.CorrelationID = "0b5e8e5c-4f62-4be6-a9a5-2a3c1ce1c7a1/shop/order-001/1"
		events = append(events, event)
	}
	return events
}
