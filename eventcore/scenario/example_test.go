// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"context"
	"fmt"

	"github.com/eventcore/order-operator/eventcore/scenario"
)

// printer stands in for the *testing.T of a test, and prints what that would fail with.
type printer struct{ cleanups []func() }

func (*printer) Helper()                        {}
func (*printer) Context() context.Context       { return context.Background() }
func (p *printer) Cleanup(f func())             { p.cleanups = append(p.cleanups, f) }
func (*printer) Errorf(format string, a ...any) { fmt.Printf(format+"\n", a...) }
func (*printer) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
func (p *printer) finish()                      { p.cleanups[0]() }

// A test is one sentence for each rule.
func Example() {
	t := &printer{} // the *testing.T of your test
	defer t.finish()

	scenario.New(t, bank).
		Given("account-anna", Deposited{Amount: 100}).
		When(Withdraw{Account: "account-anna", Amount: 30}).
		Then(Withdrawn{Amount: 30})

	fmt.Println("nothing to complain about")
	// Output: nothing to complain about
}

// What a command refuses it must not half do: ThenRefused says that nothing was appended.
func ExampleScenario_ThenRefused() {
	t := &printer{}
	defer t.finish()

	scenario.New(t, bank).
		Given("account-anna", Deposited{Amount: 10}).
		When(Withdraw{Account: "account-anna", Amount: 11}).
		ThenRefused(ErrInsufficientFunds)

	fmt.Println("refused, as it should be")
	// Output: refused, as it should be
}

// A command that finds nothing to do is no refusal.
func ExampleScenario_ThenNothing() {
	t := &printer{}
	defer t.finish()

	scenario.New(t, bank).
		When(Withdraw{Account: "account-anna", Amount: 0}).
		ThenNothing()

	fmt.Println("nothing happened")
	// Output: nothing happened
}

// One event may belong to several streams. Each looks at its own share.
func ExampleScenario_ThenIn() {
	t := &printer{}
	defer t.finish()

	transferred := Transferred{From: "account-anna", To: "account-ben", Amount: 60}
	scenario.New(t, bank).
		Given("account-anna", Deposited{Amount: 100}).
		When(Transfer{From: "account-anna", To: "account-ben", Amount: 60}).
		ThenIn("account-anna", transferred).
		ThenIn("account-ben", transferred).
		ThenIn("account-carl").
		When(Withdraw{Account: "account-ben", Amount: 60}).
		Then(Withdrawn{Amount: 60})

	fmt.Println("the money has moved")
	// Output: the money has moved
}

// What a scenario that fails looks like.
func Example_failure() {
	t := &printer{}
	defer t.finish()

	scenario.New(t, bank).
		Given("account-anna", Deposited{Amount: 100}).
		When(Withdraw{Account: "account-anna", Amount: 30}).
		Then(Withdrawn{Amount: 20})
	// Output:
	// the command appended:
	//   Withdrawn {"amount":30} in account-anna
	// want:
	//   Withdrawn {"amount":20}
}
