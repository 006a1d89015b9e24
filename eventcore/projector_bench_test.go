// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

// BenchmarkCatchUp compares, in one run, reading the log with a projection that catches up on it: 100,000 deposits to
// 1,000 accounts, with the metadata that operators' events have. The projection decodes each event, and reads and
// writes a document.
func BenchmarkCatchUp(b *testing.B) {
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "events.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	}()
	const events = 100_000
	fillWithDeposits(b, store, events)
	rate := func(b *testing.B) {
		b.Helper()
		b.ReportMetric(float64(b.N*events)/b.Elapsed().Seconds(), "events/s")
	}
	b.Run("read", func(b *testing.B) {
		for range b.N {
			for _, err := range store.Read(b.Context(), eventcore.Query{}) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		rate(b)
	})
	models := 0
	b.Run("project", func(b *testing.B) {
		for range b.N {
			models++
			projection := Balances()
			projection.Name = fmt.Sprintf("balances %d", models)
			projector, err := eventcore.NewProjector(b.Context(), store, bank, projection, eventcore.ProjectorOptions{})
			if err == nil {
				err = projector.CatchUp(b.Context())
			}
			if err != nil || projector.Position() != events {
				b.Fatalf("position %d, %v", projector.Position(), err)
			}
		}
		rate(b)
	})
}

func fillWithDeposits(tb testing.TB, store eventcore.Store, count int) {
	tb.Helper()
	deposited, err := bank.Encode(Deposited{Amount: 1})
	if err != nil {
		tb.Fatal(err)
	}
	deposited.Metadata = eventcore.Metadata{
		CommandType: "Deposit", CorrelationID: "0b5e8e5c-4f62-4be6-a9a5-2a3c1ce1c7a1", Causation: 4711,
	}
	for number := 0; number < count; {
		request := eventcore.AppendRequest{}
		for range min(1_000, count-number) {
			event := deposited
			event.Streams = []eventcore.Membership{{Stream: eventcore.StreamID(fmt.Sprintf("account-%d", number%1_000))}}
			request.Events = append(request.Events, event)
			number++
		}
		if _, err := store.Append(tb.Context(), request); err != nil {
			tb.Fatal(err)
		}
	}
}
