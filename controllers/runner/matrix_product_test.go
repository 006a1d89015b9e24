// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"fmt"
	"maps"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

// call is a request to a provider on the forward way, and the event that announces it.
type call struct {
	kind   kind
	intent string
}

// forwardCalls are those of a flow, by its capture mode.
var forwardCalls = map[string][]call{
	saga.CaptureImmediate:  {{charge, "PaymentRequested"}, {ship, "ShipmentRequested"}},
	saga.CaptureOnShipment: {{authorize, "PaymentRequested"}, {ship, "ShipmentRequested"}, {capture, "CaptureRequested"}},
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
	for _, mode := range []string{saga.CaptureImmediate, saga.CaptureOnShipment} {
		all = append(all, forwardProduct(mode)...)
		all = append(all, backwardProduct(mode)...)
	}
	return all
}

// forwardProduct is every call of the way forward in every fault, alone and with every verb.
func forwardProduct(mode string) []scenario {
	var all []scenario
	for _, c := range forwardCalls[mode] {
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
