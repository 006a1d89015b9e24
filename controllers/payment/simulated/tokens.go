// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulated

import (
	"strconv"
	"strings"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
)

// The codes of the refusals of charges.
const (
	CodeCardDeclined      = "card_declined"
	CodeInsufficientFunds = "insufficient_funds"
	CodeUnknownToken      = "unknown_token"
)

const (
	failPrefix = "sim_fail_"
	slowPrefix = "sim_slow_"
)

// unknownToken does not repeat the token: it may be one that some other provider gave out.
const unknownToken = "The simulated gateway knows only the tokens sim_approve, sim_decline, sim_insufficient_funds, " +
	"sim_lost_reply, sim_fail_N and sim_slow_SECONDS"

// behaviourOf returns what the token asks for.
func behaviourOf(token string) ledger.Behaviour {
	switch token {
	case "sim_approve":
		return ledger.Behaviour{}
	case "sim_decline":
		return refuse(CodeCardDeclined, "The card was declined")
	case "sim_insufficient_funds":
		return refuse(CodeInsufficientFunds, "The account does not have enough funds")
	case "sim_lost_reply":
		return ledger.Behaviour{LoseReply: true}
	}
	if failures, ok := number(token, failPrefix); ok {
		return ledger.Behaviour{Failures: failures}
	}
	if seconds, ok := number(token, slowPrefix); ok {
		return ledger.Behaviour{Delay: time.Duration(seconds) * time.Second}
	}
	return refuse(CodeUnknownToken, unknownToken)
}

// number returns the number after the prefix, at most 65,535.
func number(token, prefix string) (int, bool) {
	digits, ok := strings.CutPrefix(token, prefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	return int(n), err == nil
}

func refuse(code, message string) ledger.Behaviour {
	return ledger.Behaviour{Decide: func(*ledger.Tx) error {
		return &calls.Refusal{Code: code, Message: message}
	}}
}
