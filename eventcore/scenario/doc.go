// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package scenario tests commands in the words of the business: given what has happened, when somebody asks for
// something, then this happens, or is refused, or nothing is left to do.
//
//	func TestNobodyWithdrawsMoreThanThereIs(t *testing.T) {
//		scenario.New(t, bank).
//			Given("account-anna", Deposited{Amount: 10}).
//			When(Withdraw{Account: "account-anna", Amount: 11}).
//			ThenRefused(ErrInsufficientFunds)
//	}
//
// # What a scenario looks at
//
// Then and ThenIn look at the events that the last command has appended, and at no others: what was given, or appended
// by earlier commands, never counts. They compare payloads as they come back from JSON, in their order, all of them. So
// a scenario knows nothing of versions, positions, times and ids, and does not break when these change.
//
// A test looks at events and refusals because they are what others see. It does not look at states: how a state is built
// is nobody's business but its command's. Whoever wants to know whether a state is right asks for something that depends
// on it:
//
//	scenario.New(t, bank).
//		Given("account-anna", Deposited{Amount: 10}).
//		When(Withdraw{Account: "account-anna", Amount: 10}).
//		Then(Withdrawn{Amount: 10}).
//		When(Withdraw{Account: "account-anna", Amount: 1}).
//		ThenRefused(ErrInsufficientFunds)
//
// An event may belong to several streams: GivenEvent puts it there, and ThenIn looks at what one stream got.
//
// # What a scenario does besides
//
// It runs the command on a real Executor with a store in memory, so that a command which appends to a stream that it has
// not loaded fails here as it would in production. And it makes every command be decided several times, as if other
// processes had come first: a Handle that is not pure, because it counts, looks at a clock or draws a number, does not
// decide the same each time, and the scenario says so.
package scenario
