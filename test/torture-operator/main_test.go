// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tortureoperator

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/eventcore/order-operator/test/provider/providertest"
)

var (
	duration = flag.Duration("duration", 10*time.Second, "how long each target is tortured at least")
	kills    = flag.Int("kills", 15, "how often managers of all targets together are killed at least")
	seed     = flag.Uint64("seed", 0, "the seed of what happens when; random if 0")
	only     = flag.String("only", "", "a regular expression for the names of targets")
	every    = flag.Duration("order-every", 200*time.Millisecond, "how often an order comes in")
)

func TestMain(m *testing.M) {
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	providertest.Main(m)
}
