// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulated

import (
	"strconv"
	"strings"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/payment/engine"
)

// The codes of the refusals that a token asks for.
const (
	CodeCardDeclined      = "card_declined"
	CodeInsufficientFunds = "insufficient_funds"
	CodeUnknownToken      = "unknown_token"
	CodeCaptureRefused    = "authorization_expired"
	CodeVoidRefused       = "void_refused"
	CodeRefundRefused     = "refund_refused"
)

const (
	failPrefix = "sim_fail_"
	slowPrefix = "sim_slow_"
)

// unknownToken does not repeat the token: it may be one that some other provider gave out.
const unknownToken = "The simulated gateway knows only the tokens sim_approve, sim_decline, sim_insufficient_funds, " +
	"sim_lost_reply, sim_fail_N, sim_slow_SECONDS, sim_capture_refused, sim_capture_lost, sim_void_refused, " +
	"sim_void_lost, sim_refund_refused and sim_refund_lost"

// later are the tokens that take or set aside the money as sim_approve does, and misbehave at what follows. What is
// noted with the charge is no token.
var later = map[string]struct {
	note      string
	action    engine.Action
	behaviour ledger.Behaviour
}{
	"sim_capture_refused": {
		"refuses its capture", engine.Capture, refuse(CodeCaptureRefused, "The authorisation has expired"),
	},
	"sim_capture_lost":   {"loses the reply to its capture", engine.Capture, ledger.Behaviour{LoseReply: true}},
	"sim_void_refused":   {"refuses its void", engine.Void, refuse(CodeVoidRefused, "The authorisation can't be voided")},
	"sim_void_lost":      {"loses the reply to its void", engine.Void, ledger.Behaviour{LoseReply: true}},
	"sim_refund_refused": {"refuses its refund", engine.Refund, refuse(CodeRefundRefused, "The charge can't be refunded")},
	"sim_refund_lost":    {"loses the reply to its refund", engine.Refund, ledger.Behaviour{LoseReply: true}},
}

// laterBehaviour returns what the note of a charge asks for when the action follows.
func laterBehaviour(action engine.Action, note string) ledger.Behaviour {
	for _, row := range later {
		if row.note == note && row.action == action {
			return row.behaviour
		}
	}
	return ledger.Behaviour{}
}

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
	if row, ok := later[token]; ok {
		return ledger.Behaviour{Decide: func(tx *ledger.Tx) error {
			tx.Note(row.note)
			return nil
		}}
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
