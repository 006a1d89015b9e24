// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/eventcore/order-operator/controllers/webhook"
)

// Fault is one way to misbehave.
type Fault string

// The faults. A request suffers at most one before its work, one in it and one after it.
const (
	// Late holds the request for the rule's delay, or until the next release if there is none, and does the work then,
	// even if the caller has given up.
	Late Fault = "late"
	// Unavailable does nothing and says so, with a Retry-After of the rule's delay in seconds.
	Unavailable Fault = "unavailable"

	// Refuse says no.
	Refuse Fault = "refuse"
	// Twice does the work twice, as if the request had been delivered twice.
	Twice Fault = "twice"

	// Delay answers after the rule's delay.
	Delay Fault = "delay"
	// LoseReply breaks the connection instead of an answer.
	LoseReply Fault = "lose-reply"
	// Crash ends the process instead of an answer.
	Crash Fault = "crash"
	// AnswerTwice writes the answer to the connection twice.
	AnswerTwice Fault = "answer-twice"
	// Garbage answers with bytes that are no HTTP.
	Garbage Fault = "garbage"
	// Malformed answers with half of the JSON.
	Malformed Fault = "malformed"
	// Truncated breaks the connection in the middle of the answer.
	Truncated Fault = "truncated"
	// Oversized answers with more than a reply may have.
	Oversized Fault = "oversized"
	// OversizedHeader answers with more headers than a reply may have.
	OversizedHeader Fault = "oversized-header"
	// Redirect sends the caller to the rule's location.
	Redirect Fault = "redirect"
	// WrongKey answers for another idempotency key.
	WrongKey Fault = "wrong-key"
	// WrongAmount says that one cent less was moved.
	WrongAmount Fault = "wrong-amount"
	// Page answers with an HTML page and the code 200.
	Page Fault = "page"
	// Failure answers with the code 500.
	Failure Fault = "failure"
	// Indiscreet refuses, with the request's token and the secret of the signatures in its message. It does the work.
	Indiscreet Fault = "indiscreet"
)

type stage int

const (
	before stage = iota
	during
	after
)

var stages = map[Fault]stage{
	Late: before, Unavailable: before,
	Refuse: during, Twice: during,
	Delay: after, LoseReply: after, Crash: after, AnswerTwice: after, Garbage: after, Malformed: after, Truncated: after,
	Oversized: after, OversizedHeader: after, Redirect: after, WrongKey: after, WrongAmount: after, Page: after,
	Failure: after, Indiscreet: after,
}

// Faults returns all faults, by name.
func Faults() []Fault { return slices.Sorted(maps.Keys(stages)) }

// Plan says how the provider misbehaves. The zero Plan behaves.
type Plan struct {
	// Seed decides, with the key of a request and how often it came, what is left to chance.
	Seed  uint64 `json:"seed,omitzero"`
	Rules []Rule `json:"rules,omitzero"`
}

// Rule lets a fault happen to some requests. Of the rules for a stage of the work, the first that applies wins.
type Rule struct {
	Fault Fault `json:"fault"`
	// Probability is from 0 to 1; 1 if nil.
	Probability *float64 `json:"probability,omitzero"`
	// Verbs are POST if there are none. Actions and Correlation, if they are given, must be the request's; a GET or a
	// DELETE has those of the request that it is about, if that was seen.
	Verbs       []webhook.Verb `json:"verbs,omitzero"`
	Actions     []string       `json:"actions,omitzero"`
	Correlation string         `json:"correlation,omitzero"`
	// Times is how often the rule applies; without end if 0.
	Times int `json:"times,omitzero"`
	// Delay is for late, delay and unavailable, such as 1.5s.
	Delay Duration `json:"delay,omitzero"`
	// Location is for redirect.
	Location string `json:"location,omitzero"`
}

// Duration is a time.Duration that is written like 1.5s.
type Duration time.Duration

// MarshalText writes it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads it.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// Check returns what is wrong with the plan.
func (p Plan) Check() error {
	var wrong error
	for i, rule := range p.Rules {
		if _, known := stages[rule.Fault]; !known {
			wrong = errors.Join(wrong, fmt.Errorf("rules[%d].fault: %q is unknown: see --help", i, rule.Fault))
		}
		if chance := rule.Probability; chance != nil && (*chance < 0 || *chance > 1) {
			wrong = errors.Join(wrong, fmt.Errorf("rules[%d].probability: %v is not from 0 to 1", i, *chance))
		}
	}
	return wrong
}

// occasion is what the rules are about.
type occasion struct {
	verb                     webhook.Verb
	key, action, correlation string
}

// planner applies a plan.
type planner struct {
	mu      sync.Mutex
	plan    Plan
	applied []int
	seen    map[string]uint64 // how often a verb came with a key
	report  Report
}

// Report counts what came, and what was done about it.
type Report struct {
	Requests int           `json:"requests"`
	Unsigned int           `json:"unsigned"`
	Faults   map[Fault]int `json:"faults"`
}

func newPlanner(plan Plan) *planner {
	p := &planner{seen: map[string]uint64{}, report: Report{Faults: map[Fault]int{}}}
	p.set(plan)
	return p
}

func (p *planner) set(plan Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan, p.applied = plan, make([]int, len(plan.Rules))
}

func (p *planner) unsigned() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.report.Unsigned++
}

func (p *planner) reported() Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	report := p.report
	report.Faults = map[Fault]int{}
	maps.Copy(report.Faults, p.report.Faults)
	return report
}

// choose returns the rules that apply, by the stage of the work.
func (p *planner) choose(o occasion) map[stage]Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.report.Requests++
	name := string(o.verb) + " " + o.key
	p.seen[name]++
	chosen := map[stage]Rule{}
	for i, rule := range p.plan.Rules {
		at := stages[rule.Fault]
		if _, taken := chosen[at]; taken || !rule.concerns(o) || rule.Times > 0 && p.applied[i] >= rule.Times {
			continue
		}
		if rule.Probability != nil && p.dice(i, name) >= *rule.Probability {
			continue
		}
		chosen[at] = rule
		p.applied[i]++
		p.report.Faults[rule.Fault]++
	}
	return chosen
}

func (r Rule) concerns(o occasion) bool {
	verbs := r.Verbs
	if len(verbs) == 0 {
		verbs = []webhook.Verb{webhook.Do}
	}
	return slices.Contains(verbs, o.verb) &&
		(len(r.Actions) == 0 || slices.Contains(r.Actions, o.action)) &&
		(r.Correlation == "" || r.Correlation == o.correlation)
}

// dice returns a number in [0, 1) that depends on nothing but the seed, the rule, the request and how often it came:
// not on what comes at the same time.
func (p *planner) dice(rule int, name string) float64 {
	digest := sha256.Sum256(fmt.Appendf(nil, "%d %d %d %s", p.plan.Seed, rule, p.seen[name], name))
	return float64(binary.BigEndian.Uint64(digest[:])>>11) / math.Exp2(53)
}
