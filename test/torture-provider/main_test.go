// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tortureprovider

import (
	"flag"
	"testing"
	"time"

	"github.com/eventcore/order-operator/test/provider/providertest"
)

var (
	orders = flag.Int("orders", 300, "how many orders there are")
	down   = flag.Duration("down", 3*time.Second, "how long the provider is away in the middle")
	limit  = flag.Duration("limit", 5*time.Minute, "give up after this time")
	seed   = flag.Uint64("seed", 1, "decides which requests meet which faults")
	dsn    = flag.String("store", "", "DSN of the event store; a new SQLite file if empty")
)

func TestMain(m *testing.M) { providertest.Main(m) }
