// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

func TestAFlowThatCannotBeIsNotRegistered(t *testing.T) {
	step := saga.Step{Name: "Check", Owner: "fraud", Refused: "Fraud"}
	flow := func(version int, steps ...saga.Step) saga.Flow {
		return saga.Flow{Version: version, Deadline: time.Hour, Steps: steps}
	}
	nameless, undoing, early := step, step, step
	nameless.Name = ""
	undoing.Outside, undoing.Compensation = true, "Uncheck"
	early.Undoes = "Later"
	without := flow(1000, step)
	without.Deadline = 0
	for want, flow := range map[string]saga.Flow{
		"version 1 is taken":      flow(1, step),
		"version 0 is taken":      flow(0, step),
		"it has 0 steps":          flow(1000),
		"the deadline 0s":         without,
		"needs a name":            flow(1000, nameless),
		"Check is there twice":    flow(1000, step, step),
		"Check needs UndoRefused": flow(1000, undoing),
		"undoes Later":            flow(1000, early),
	} {
		got := refusal(flow)
		if !strings.Contains(got, want) || !strings.Contains(got, fmt.Sprintf("flow %d", flow.Version)) {
			t.Errorf("refused with %q, want %q", got, want)
		}
	}
	if _, known := saga.FlowOf(1000); known {
		t.Error("a refused flow is in the table")
	}
}

// refusal is what Register panics with.
func refusal(flow saga.Flow) (message string) {
	defer func() { message = fmt.Sprint(recover()) }()
	saga.Register(flow)
	return ""
}
