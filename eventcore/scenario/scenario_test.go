// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// complaints collects what a scenario fails with.
type complaints struct {
	*testing.T
	text     []string
	cleanups []func()
}

func (c *complaints) Errorf(format string, arguments ...any) {
	c.text = append(c.text, fmt.Sprintf(format, arguments...))
}

func (c *complaints) Fatalf(format string, arguments ...any) {
	c.Errorf(format, arguments...)
	panic(c)
}

func (c *complaints) Cleanup(f func()) { c.cleanups = append(c.cleanups, f) }

// of plays a scenario to its end and returns what it fails with.
func of(t *testing.T, play func(s *scenario.Scenario)) string {
	t.Helper()
	c := &complaints{T: t}
	func() {
		defer func() {
			if reason := recover(); reason != nil && reason != any(c) {
				panic(reason)
			}
		}()
		play(scenario.New(c, bank))
	}()
	for _, cleanup := range c.cleanups {
		cleanup()
	}
	return strings.Join(c.text, "\n")
}

var (
	anna     = eventcore.StreamID("account-anna")
	rich     = Deposited{Amount: 100}
	withdraw = Withdraw{Account: anna, Amount: 30}
)

func TestAScenarioThatFitsHasNoComplaints(t *testing.T) {
	for name, play := range map[string]func(s *scenario.Scenario){
		"an event":  func(s *scenario.Scenario) { s.Given(anna, rich).When(withdraw).Then(Withdrawn{Amount: 30}) },
		"a refusal": func(s *scenario.Scenario) { s.When(withdraw).ThenRefused(ErrInsufficientFunds) },
		"nothing":   func(s *scenario.Scenario) { s.When(Withdraw{Account: anna}).ThenNothing() },
		"only new events count": func(s *scenario.Scenario) {
			s.Given(anna, rich).When(withdraw).Then(Withdrawn{Amount: 30}).When(Withdraw{Account: anna}).ThenNothing()
		},
		"what is given between two commands counts for the second": func(s *scenario.Scenario) {
			s.When(withdraw).ThenRefused(ErrInsufficientFunds).Given(anna, rich, rich).When(withdraw).Then(Withdrawn{Amount: 30}).
				GivenEvent(Transferred{From: "account-ben", To: anna, Amount: 1_000}, "account-ben", anna).
				When(Withdraw{Account: anna, Amount: 1_170}).Then(Withdrawn{Amount: 1_170})
		},
		"an event of two streams": func(s *scenario.Scenario) {
			transferred := Transferred{From: anna, To: "account-ben", Amount: 1}
			s.Given(anna, rich).When(Transfer{From: anna, To: "account-ben", Amount: 1}).
				Then(transferred).ThenIn(anna, transferred).ThenIn("account-ben", transferred).ThenIn("account-carl")
		},
		"an error that is wrapped": func(s *scenario.Scenario) {
			s.When(custom(func(*eventcore.Boundary) error { return fmt.Errorf("no: %w", ErrInsufficientFunds) })).
				ThenRefused(ErrInsufficientFunds)
		},
		"a command that does what no command may": func(s *scenario.Scenario) {
			s.When(custom(func(b *eventcore.Boundary) error { return b.Append(rich, anna) })).ThenRefused(eventcore.ErrNotLoaded)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if text := of(t, play); text != "" {
				t.Error(text)
			}
		})
	}
}

func TestAScenarioThatDoesNotFitSaysWhatHappenedInstead(t *testing.T) {
	calls := 0
	for name, test := range map[string]struct {
		play func(s *scenario.Scenario)
		want string
	}{
		"another payload": {
			func(s *scenario.Scenario) { s.Given(anna, rich).When(withdraw).Then(Withdrawn{Amount: 31}) },
			"the command appended:\n  Withdrawn {\"amount\":30} in account-anna\nwant:\n  Withdrawn {\"amount\":31}",
		},
		"another type with the same fields": {
			func(s *scenario.Scenario) { s.Given(anna, rich).When(withdraw).Then(Deposited{Amount: 30}) },
			"want:\n  Deposited {\"amount\":30}",
		},
		"an event too many": {
			func(s *scenario.Scenario) { s.Given(anna, rich).When(withdraw).ThenNothing() }, "want: nothing",
		},
		"an event in another stream": {
			func(s *scenario.Scenario) {
				s.Given(anna, rich).When(withdraw).ThenIn("account-ben", Withdrawn{Amount: 30})
			},
			"the command appended in account-ben: nothing\nwant:\n  Withdrawn",
		},
		"a refusal instead of an event": {
			func(s *scenario.Scenario) { s.When(withdraw).Then(Withdrawn{Amount: 30}) },
			"the command was refused: insufficient funds\nwant the events:\n  Withdrawn",
		},
		"an event instead of a refusal": {
			func(s *scenario.Scenario) { s.Given(anna, rich).When(withdraw).ThenRefused(ErrInsufficientFunds) },
			"the command was not refused, want: insufficient funds\nit appended:\n  Withdrawn",
		},
		"nothing instead of a refusal": {
			func(s *scenario.Scenario) { s.When(Withdraw{Account: anna}).ThenRefused(ErrInsufficientFunds) },
			"the command had nothing to do, want a refusal: insufficient funds",
		},
		"another refusal": {
			func(s *scenario.Scenario) { s.When(withdraw).ThenRefused(errors.New("too late")) },
			"refused for another reason:\n got insufficient funds\nwant too late",
		},
		"a refusal that nobody looks at, at the end": {
			func(s *scenario.Scenario) { s.When(withdraw) }, "nothing looks at it: insufficient funds",
		},
		"a refusal that nobody looks at, before the next command": {
			func(s *scenario.Scenario) {
				s.When(withdraw).Given(anna, rich).When(withdraw).Then(Withdrawn{Amount: 30})
			},
			"nothing looks at it: insufficient funds",
		},
		"then without when": {
			func(s *scenario.Scenario) { s.Given(anna, rich).ThenNothing() }, "call When before Then",
		},
		"an event that is not registered": {
			func(s *scenario.Scenario) { s.Given(anna, "a string") }, "unknown event type",
		},
		"a stream without a name": {
			func(s *scenario.Scenario) { s.Given("", rich) }, "invalid stream id",
		},
		"a command that is not pure": {
			func(s *scenario.Scenario) {
				s.When(custom(func(b *eventcore.Boundary) error {
					calls++
					eventcore.Load[Account](b, anna)
					return b.Append(Deposited{Amount: int64(calls)}, anna)
				}))
			},
			"is not pure: on the same states it appended\n  Deposited",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if text := of(t, test.play); !strings.Contains(text, test.want) {
				t.Errorf("it says\n%s\nwant\n%s", text, test.want)
			}
		})
	}
}

func TestACommandMayAppendToStreamsThatAreDeclared(t *testing.T) {
	options := eventcore.ExecutorOptions{AppendOnly: []eventcore.StreamID{"all"}}
	scenario.NewWithOptions(t, bank, options).
		When(custom(func(b *eventcore.Boundary) error { return b.Append(rich, "all") })).
		ThenIn("all", rich)
}

// custom is a command made of a function.
type custom func(b *eventcore.Boundary) error

func (custom) ReadStreams() []eventcore.StreamID    { return nil }
func (c custom) Handle(b *eventcore.Boundary) error { return c(b) }
