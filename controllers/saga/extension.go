// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import (
	"fmt"
	"slices"

	"github.com/eventcore/order-operator/eventcore"
)

// StepEvent is an event of a service that this package does not know. It says itself what it means for its step.
type StepEvent interface {
	// StepChange depends on nothing but the event, and keeps its meaning for ever: logs hold the event.
	StepChange() StepChange
}

// StepChange is what an event means for a step, or for its compensation. A refused compensation is AttentionRequired.
type StepChange struct {
	// Step is that of the flow; Undo tells its compensation.
	Step   string
	Undo   bool
	Result StepResult
	// Call and Prepared are those of an intent.
	Call     Call
	Prepared string
	// Generation is that of the call which has succeeded, 0 for what is done without a call.
	Generation int
	// Message is why the step was refused.
	Message string
}

// StepResult is what has become of a step.
type StepResult int

// The results.
const (
	// StepRequested announces a call.
	StepRequested StepResult = iota + 1
	// StepSucceeded says that it is done.
	StepSucceeded
	// StepRefused says that it is not, and turns the order round.
	StepRefused
)

// applyStepEvent folds the events of services that this package does not know.
func (o Order) applyStepEvent(event *eventcore.Event) Order {
	own, ok := event.Payload.(StepEvent)
	if !ok {
		return o
	}
	change, at := own.StepChange(), event.RecordedAt
	switch {
	case change.Result == StepRequested && change.Undo:
		return o.change(change.Step, at, undoRequested(change.Call))
	case change.Result == StepRequested:
		return o.change(change.Step, at, requested(change.Call, change.Prepared))
	case change.Result == StepSucceeded && change.Undo:
		return o.heard(change.Step, true, "").undoneByCall(change.Step, change.Generation, at)
	case change.Result == StepSucceeded:
		return o.heard(change.Step, false, "").change(change.Step, at, succeeded(change.Generation))
	case change.Result == StepRefused:
		return o.heard(change.Step, false, "").change(change.Step, at, refused(change.Message))
	}
	return o
}

// ownEvents are those of registered flows.
var ownEvents []eventcore.EventType

// ownAggregates are the streams of the services that own steps of registered flows, beside the four.
var ownAggregates []eventcore.StreamID

// Register adds a program's own flow to the table, with the events of the services that this package does not know, and
// returns it. It is for variables of packages, `var Flow = saga.Register(…)`, so that the table is complete before the
// first order is read. It panics if the flow can't be: that is a mistake of the programmer, found by the first test.
func Register(flow Flow, events ...eventcore.EventType) *Flow {
	if err := flow.check(); err != nil {
		panic(fmt.Sprintf("flow %d: %v", flow.Version, err))
	}
	flow.Steps = slices.Clone(flow.Steps)
	flows[flow.Version] = &flow
	ownEvents = append(ownEvents, events...)
	for _, step := range flow.Steps {
		if stream := step.Owner.Aggregate(); !slices.Contains(AggregateStreams(), stream) {
			ownAggregates = append(ownAggregates, stream)
		}
	}
	return &flow
}

// check says what is wrong with a flow.
func (f *Flow) check() error {
	if _, taken := flows[f.Version]; taken || f.Version < 1 {
		return fmt.Errorf("version %d is taken, or below 1: take the next one", f.Version)
	}
	if len(f.Steps) == 0 || f.Deadline <= 0 {
		return fmt.Errorf("it has %d steps and the deadline %s: it needs both", len(f.Steps), f.Deadline)
	}
	for i := range f.Steps {
		if err := f.checkStep(i); err != nil {
			return err
		}
	}
	return nil
}

func (f *Flow) checkStep(i int) error {
	step := f.Steps[i]
	switch undoes := f.Index(step.Undoes); {
	case step.Name == "" || step.Owner == "" || step.Refused == "":
		return fmt.Errorf("step %d, %q, needs a name, an owner and a reason of refusal", i+1, step.Name)
	case f.Index(step.Name) != i:
		return fmt.Errorf("step %s is there twice", step.Name)
	case step.Outside && step.Compensation != "" && step.UndoRefused == "":
		return fmt.Errorf("step %s needs UndoRefused: its provider may refuse %s", step.Name, step.Compensation)
	case step.Undoes != "" && (undoes < 0 || undoes >= i):
		return fmt.Errorf("step %s undoes %s, which is no earlier step", step.Name, step.Undoes)
	}
	return nil
}

// leavesSomething reports whether a step of the name has to be undone, in any flow.
func leavesSomething(step string) bool {
	for _, flow := range flows {
		if flow.Step(step).Compensation != "" {
			return true
		}
	}
	return false
}
