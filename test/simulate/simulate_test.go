// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// With a seed given, that one alone is played, unless seeds are given too.
var (
	seed      = flag.Uint64("seed", 1, "the first seed")
	seeds     = flag.Uint64("seeds", 200, "how many seeds, from the first one on; 1 if -seed is given alone")
	ordersOf  = flag.Int("orders", 8, "how many orders a seed has")
	processes = flag.Int("processes", 1, "how many seeds are played at once, each in a process of its own")
	tracing   = flag.Bool("trace", false, "write everything that happens to the standard error")
)

// TestMain leaves one processor to the program and lets no garbage collection come in between: which goroutine goes on
// first is then always the same.
func TestMain(m *testing.M) {
	flag.Parse()
	log.SetLogger(logr.Discard())
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(1 << 30)
	os.Exit(m.Run())
}

// play runs a seed in a bubble of its own.
func play(t *testing.T, options Options) (result Result) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { result = NewWorld(options).Run() })
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	if memory.HeapAlloc > 256<<20 {
		runtime.GC()
	}
	return result
}

// totals are those of many seeds.
type totals struct {
	Seeds, Events, Happened int
	Counts                  map[string]int
}

func (s *totals) add(other totals) {
	s.Seeds += other.Seeds
	s.Events += other.Events
	s.Happened += other.Happened
	for what, number := range other.Counts {
		if s.Counts == nil {
			s.Counts = map[string]int{}
		}
		s.Counts[what] += number
	}
}

func TestSimulation(t *testing.T) {
	begin, sum := time.Now(), totals{}
	if *processes > 1 {
		sum = playInProcesses(t)
	} else {
		sum = playHere(t)
	}
	passed := time.Since(begin)
	t.Logf("%d seeds of %d orders: %d events, %d things have happened, in %s: %.1f seeds a second",
		sum.Seeds, *ordersOf, sum.Events, sum.Happened, passed.Round(time.Millisecond), float64(sum.Seeds)/passed.Seconds())
	if sum.Seeds < 200 {
		return
	}
	for _, what := range mustComeAbout() {
		if sum.Counts[what] == 0 {
			t.Errorf("%s has not come about in %d seeds: what never happens tests nothing", what, sum.Seeds)
		}
	}
}

// playHere plays the seeds in this process.
func playHere(t *testing.T) (sum totals) {
	t.Helper()
	var trace io.Writer
	if *tracing {
		trace = os.Stderr
	}
	number := *seeds
	if given("seed") && !given("seeds") {
		number = 1
	}
	for s := *seed; s < *seed+number; s++ {
		result := play(t, Options{Seed: s, Orders: *ordersOf, Trace: trace})
		sum.add(totals{Seeds: 1, Events: result.Events, Happened: result.Happened, Counts: result.Counts})
		report(t, result, number == 1)
	}
	if line, err := json.Marshal(sum); err == nil && !given("trace") {
		fmt.Println(totalsPrefix + string(line))
	}
	return sum
}

func given(name string) (given bool) {
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

// report tells what is wrong with a run, and how to repeat it.
func report(t *testing.T, result Result, alone bool) {
	t.Helper()
	if alone {
		t.Logf("seed %d: %d events in %s, %d things have happened, digest %x\n%s\n%v",
			result.Seed, result.Events, result.Span, result.Happened, result.Digest, result.Plan, result.Counts)
	}
	if len(result.Violations) == 0 {
		return
	}
	for _, violation := range result.Violations {
		t.Errorf("%s", violation)
	}
	t.Errorf("seed %d has failed. %s\nReplay it: go test ./test/simulate -run TestSimulation -count=1 -v -seed=%d -orders=%d",
		result.Seed, result.Plan, result.Seed, *ordersOf)
}

// mustComeAbout is what enough seeds must have seen.
func mustComeAbout() []string {
	return slices.Concat(
		strings.Fields(`apiConflicts apiBusy apiFailures apiLostReplies watchedTwice unavailable lostRequests lateRequests
			repeatedRequests lostReplies hangs slow crashes pauses lists ended
			OrderCreated OrderAttached OrderCancellationRequested OrderSuspended OrderResumed DeadlineExceeded
			CompensationStarted OrderCancelled OrderCompleted OrderShipped StockSupplied StockReserved
			StockReservationFailed StockReservationReleased PaymentRequested PaymentProcessed PaymentFailed CaptureRequested
			PaymentCaptured RefundRequested PaymentRefunded PaymentVoided ShipmentRequested ShipmentCreated ShipmentFailed
			ShipmentCancelRequested ShipmentCancelled StepWaiting StepRetryScheduled OutcomeUnknown AttentionRequired
			AttentionResolved`),
		[]string{
			"decision Retry", "decision Skip",
			"outcome Completed", "outcome Cancelled", "outcome Rejected",
		},
	)
}
