// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	fraud "github.com/eventcore/order-operator/examples/fraud-check"
)

// call is a request to a provider on the forward way, and the event that announces it.
type call struct {
	step   string
	kind   kind
	intent string
}

// flows are those of the saga's table.
func flows() (table []*saga.Flow) {
	for version := 1; ; version++ {
		flow, known := saga.FlowOf(version)
		if !known {
			return table
		}
		table = append(table, flow)
	}
}

var modes = []string{saga.CaptureImmediate, saga.CaptureOnShipment}

// intents are the events that announce what steps ask of providers.
var intents = map[string]string{
	saga.ProcessPayment: "PaymentRequested", saga.CreateShipment: "ShipmentRequested", saga.CapturePayment: "CaptureRequested",
	fraud.CheckFraud: "FraudCheckRequested",
}

// asks is what steps ask of providers, by name.
var asks = map[string]kind{
	saga.ProcessPayment: charge, saga.CreateShipment: ship, saga.CapturePayment: capture, fraud.CheckFraud: inspect,
}

// forwardCalls are those of a flow's orders of the capture mode.
func forwardCalls(flow *saga.Flow, mode string) (calls []call) {
	for _, step := range flow.StepsOf(mode) {
		if !step.Outside {
			continue
		}
		c := call{step.Name, asks[step.Name], intents[step.Name]}
		if c.kind == charge && mode == saga.CaptureOnShipment {
			c.kind = authorize
		}
		calls = append(calls, c)
	}
	return calls
}

// TestTheMatrixKnowsAllStepsOfAllFlows fails when a flow gets a step of which the product of scenarios would not know what
// its provider can do.
func TestTheMatrixKnowsAllStepsOfAllFlows(t *testing.T) {
	if len(flows()) < fraud.Flow.Version {
		t.Errorf("%d flows", len(flows()))
	}
	for _, flow := range flows() {
		for _, mode := range modes {
			for _, c := range forwardCalls(flow, mode) {
				if c.kind == "" || c.intent == "" {
					t.Errorf("flow %d: what does %s ask, and which event announces it?", flow.Version, c.step)
				}
			}
		}
	}
}

// wayBack is how a flow gives back what was paid before the shipment.
var wayBack = map[string]kind{saga.CaptureImmediate: refund, saga.CaptureOnShipment: void}

// losses are the ways in which a provider misbehaves that do not change how an order ends.
var losses = []fault{loseReply, loseRequest, arriveLate, unavailable, hang, overtaken}

// userVerbs are what users do while a call is under way.
var userVerbs = map[string]func(intent string) []moment{
	"cancelled": func(intent string) []moment { return []moment{{intent, time.Second, cancelOrder}} },
	"suspended": func(intent string) []moment {
		return []moment{{intent, time.Second, suspendOrder}, {"OrderSuspended", time.Minute, resumeOrder}}
	},
	"deleted": func(intent string) []moment { return []moment{{intent, time.Second, deleteOrder}} },
}

// product multiplies flows by what providers do and by what people do. Unlike the scenarios that are told event by
// event, these only have to end legally.
func product() []scenario {
	var all []scenario
	for i, flow := range flows() {
		for _, mode := range modes {
			if i == 0 {
				all = append(all, forwardProduct(mode, forwardCalls(flow, mode))...)
				all = append(all, backwardProduct(mode)...)
				continue
			}
			all = append(all, laterProduct(flow, mode)...)
		}
	}
	return all
}

// laterProduct is what another flow than the first has of its own: the calls that the first has not in every fault and
// with every verb, and all others refused.
func laterProduct(flow *saga.Flow, mode string) []scenario {
	known := forwardCalls(flows()[0], mode)
	var own []call
	all := []scenario{{name: mode, capture: mode}}
	for _, c := range forwardCalls(flow, mode) {
		if !slices.Contains(known, c) {
			own = append(own, c)
			continue
		}
		all = append(all, scenario{
			name: fmt.Sprintf("%s, %s: %s", mode, c.kind, refuse), capture: mode, script: map[kind][]fault{c.kind: {refuse}},
		})
	}
	all = append(all, forwardProduct(mode, own)...)
	for i := range all {
		all[i].name, all[i].flow = fmt.Sprintf("flow %d, %s", flow.Version, all[i].name), flow.Version
	}
	return all
}

// forwardProduct is every one of the calls in every fault, alone and with every verb.
func forwardProduct(mode string, calls []call) []scenario {
	var all []scenario
	for _, c := range calls {
		for _, f := range append([]fault{refuse}, losses...) {
			all = append(all, scenario{
				name: fmt.Sprintf("%s, %s: %s", mode, c.kind, f), capture: mode, script: map[kind][]fault{c.kind: {f}},
			})
		}
		for _, f := range []fault{slow, loseRequest, hang} {
			for verb, moments := range userVerbs {
				all = append(all, scenario{
					name: fmt.Sprintf("%s, %s: %s, %s meanwhile", mode, c.kind, f, verb), capture: mode,
					script: map[kind][]fault{c.kind: {f}}, verbs: moments(c.intent),
				})
			}
		}
	}
	return all
}

// backwardProduct is every compensation of a flow in every fault, and refused with every decision of a person.
func backwardProduct(mode string) []scenario {
	returned := scenario{name: mode + ", refused shipment", capture: mode, script: map[kind][]fault{ship: {refuse}}}
	withdrawn := scenario{
		name: mode + ", cancelled shipment", capture: mode, script: map[kind][]fault{ship: {slow}},
		verbs: []moment{{"ShipmentRequested", time.Second, cancelOrder}},
	}
	all := returned.inEveryFault(wayBack[mode])
	all = append(all, withdrawn.inEveryFault(withdraw)...)
	all = append(all, withdrawn.with(withdraw, dispatched))
	if mode == saga.CaptureOnShipment {
		uncaptured := scenario{name: mode + ", refused capture", capture: mode, script: map[kind][]fault{capture: {refuse}}}
		all = append(all, uncaptured.inEveryFault(withdraw)...)
	}
	return all
}

func (s scenario) inEveryFault(k kind) []scenario {
	var all []scenario
	for _, f := range losses {
		all = append(all, s.with(k, f))
	}
	for _, action := range []saga.Resolution{saga.ResolveRetry, saga.ResolveSkip, saga.ResolveForce} {
		decided := s.with(k, refuse, fine)
		decided.name += ", then " + string(action)
		decided.verbs = append(decided.verbs, moment{"AttentionRequired", time.Second, resolve(action)})
		all = append(all, decided)
	}
	return all
}

// with returns the scenario with a provider that misbehaves in another way too.
func (s scenario) with(k kind, faults ...fault) scenario {
	s.name += fmt.Sprintf(", %s: %s", k, faults[0])
	s.script = maps.Clone(s.script)
	s.script[k] = faults
	s.verbs = append([]moment(nil), s.verbs...)
	return s
}
