// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// faults are the probabilities of what goes wrong by itself.
type faults struct {
	// The API server refuses a write as a conflict, says that it is busy, fails, stores a write and loses the answer,
	// takes up to 90 s; tells of a change twice, and lists what was there some changes ago.
	apiConflict, apiBusy, apiFailure, apiLostReply, apiSlow, watchTwice, staleList float64
	// The store refuses an append as a conflict, fails, commits and loses the answer, commits later or never, is the
	// last thing that a process sees, takes up to 3 s, and fails to save a read model.
	storeConflict, storeFailure, storeLostReply, storeLate, storeCrash, storeSlow, checkpoint float64
	// A call finds the provider unavailable, never arrives, arrives after its caller has given up, arrives twice, is
	// carried out and the answer lost, is never answered, or late.
	callUnavailable, callLost, callLate, callTwice, callLostReply, callHang, callSlow float64
}

// worst are the highest probabilities.
var worst = faults{
	apiConflict: 0.2, apiBusy: 0.1, apiFailure: 0.1, apiLostReply: 0.15, apiSlow: 0.05, watchTwice: 0.2, staleList: 0.7,
	storeConflict: 0.1, storeFailure: 0.05, storeLostReply: 0.05, storeLate: 0.03, storeCrash: 0.003, storeSlow: 0.03, checkpoint: 0.05,
	callUnavailable: 0.2, callLost: 0.1, callLate: 0.1, callTwice: 0.2, callLostReply: 0.15, callHang: 0.05, callSlow: 0.2,
}

// Plan is what a seed means: which faults there are, and how often.
type Plan struct {
	faults

	// span is how long there are faults.
	span time.Duration
	// crashes, pauses, overlaps and brokenWatches count what happens to processes: they die, are stopped for a while as
	// by SIGSTOP, run beside another one, and hear nothing for a while.
	crashes, pauses, overlaps, brokenWatches int
	// storeOutages, apiOutages and providerOutages count the times when one does not answer at all.
	storeOutages, apiOutages, providerOutages int
	// verbs is the probability that people do something to an order.
	verbs float64
	// scarce is the probability that there is too little of a product, late that something is created after the orders.
	scarce, late float64
}

// rates are the fields of faults by their names, in a fixed order.
func (f *faults) rates() []rate {
	return []rate{
		{"apiConflict", &f.apiConflict}, {"apiBusy", &f.apiBusy}, {"apiFailure", &f.apiFailure},
		{"apiLostReply", &f.apiLostReply}, {"apiSlow", &f.apiSlow}, {"watchTwice", &f.watchTwice}, {"staleList", &f.staleList},
		{"storeConflict", &f.storeConflict}, {"storeFailure", &f.storeFailure}, {"storeLostReply", &f.storeLostReply},
		{"storeLate", &f.storeLate}, {"storeCrash", &f.storeCrash}, {"storeSlow", &f.storeSlow}, {"checkpoint", &f.checkpoint},
		{"callUnavailable", &f.callUnavailable}, {"callLost", &f.callLost}, {"callLate", &f.callLate},
		{"callTwice", &f.callTwice}, {"callLostReply", &f.callLostReply}, {"callHang", &f.callHang}, {"callSlow", &f.callSlow},
	}
}

type rate struct {
	name  string
	value *float64
}

// newPlan draws the plan. Each fault is absent from half of all runs: what all of them together hide, some find.
func newPlan(random *rand.Rand) Plan {
	p := Plan{span: 20*time.Second + time.Duration(random.Int64N(int64(100*time.Second)))}
	limits := worst
	for i, limit := range limits.rates() {
		if share := random.Float64(); random.IntN(2) == 0 {
			*p.rates()[i].value = share * *limit.value
		}
	}
	p.crashes, p.pauses, p.overlaps, p.brokenWatches = random.IntN(5), random.IntN(3), random.IntN(3), random.IntN(6)
	p.storeOutages, p.apiOutages = random.IntN(3)*random.IntN(2), random.IntN(3)*random.IntN(2)
	p.providerOutages = random.IntN(3)
	p.verbs, p.scarce, p.late = random.Float64()*0.6, random.Float64()*0.5, random.Float64()*0.4
	return p
}

// String lists everything that is not zero.
func (p Plan) String() string {
	text := strings.Builder{}
	fmt.Fprintf(&text, "faults for %s: crashes=%d pauses=%d overlaps=%d brokenWatches=%d storeOutages=%d apiOutages=%d "+
		"providerOutages=%d verbs=%.2f scarce=%.2f late=%.2f",
		p.span.Round(time.Second), p.crashes, p.pauses, p.overlaps, p.brokenWatches,
		p.storeOutages, p.apiOutages, p.providerOutages, p.verbs, p.scarce, p.late)
	for _, rate := range p.rates() {
		if *rate.value > 0 {
			fmt.Fprintf(&text, " %s=%.3f", rate.name, *rate.value)
		}
	}
	return text.String()
}
