// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"flag"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/golden"
)

// To write one: go test ./eventcore -run AllVersions -golden.
var writeGolden = flag.Bool("golden", false, "write a golden log with the samples that no log holds yet")

func TestEventsOfAllVersionsOfTheShopAreRead(t *testing.T) {
	golden.Test(t, golden.Logs{
		Dir:      "testdata/golden",
		Registry: shop,
		Samples: []any{
			OrderPlaced{Given: "Cleo", Family: "Ray", Total: Money{Currency: "EUR", Minor: 700}},
			OrderPlaced{Given: "Dora", Total: Money{Currency: "JPY", Minor: 1 << 53}, Gift: true},
		},
		Write: *writeGolden,
	})
}

func TestTheStoredFormOfMetadataIsFrozen(t *testing.T) {
	registry := eventcore.NewRegistry(eventcore.Type[eventcore.Metadata]("Metadata", 1))
	golden.Test(t, golden.Logs{
		Dir:      "testdata/golden/metadata",
		Registry: registry,
		Samples: []any{
			eventcore.Metadata{},
			eventcore.Metadata{
				CommandType: "Transfer", CommandID: "c", CorrelationID: "r", Causation: 1 << 60, Actor: "anna",
				TraceContext: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
			},
		},
		Write: *writeGolden,
	})
}
