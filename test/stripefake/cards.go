// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripefake

import "net/http"

// card is how a payment method behaves.
type card struct {
	// decline is what the bank answers, none if it approves.
	decline *failure
	// authentication makes the bank ask the customer first.
	authentication bool
	// disputed makes the customer dispute the payment at once.
	disputed bool
	// refund is the status of refunds, succeeded if empty.
	refund string
}

// cards are payment methods by their token, named as Stripe's for tests where it has one.
var cards = map[string]card{
	"pm_card_visa":                                 {},
	"pm_card_mastercard":                           {},
	"pm_card_authenticationRequired":               {authentication: true},
	"pm_card_chargeDeclined":                       {decline: declined("card_declined", "generic_decline")},
	"pm_card_visa_chargeDeclinedInsufficientFunds": {decline: declined("card_declined", "insufficient_funds")},
	"pm_card_visa_chargeDeclinedLostCard":          {decline: declined("card_declined", "lost_card")},
	"pm_card_chargeDeclinedExpiredCard":            {decline: declined("expired_card", "")},
	"pm_card_chargeDeclinedIncorrectCvc":           {decline: declined("incorrect_cvc", "")},
	"pm_card_chargeDeclinedProcessingError":        {decline: declined("processing_error", "")},
	"pm_card_chargeDeclinedTryAgainLater":          {decline: declined("card_declined", "try_again_later")},
	"pm_card_createDispute":                        {disputed: true},
	"pm_card_pendingRefund":                        {refund: "pending"},
	"pm_card_refundFail":                           {refund: "failed"},
}

// failure is an error of Stripe's.
type failure struct {
	Type          string  `json:"type"`
	Code          string  `json:"code,omitempty"`
	DeclineCode   string  `json:"decline_code,omitempty"`
	Message       string  `json:"message"`
	Param         string  `json:"param,omitempty"`
	PaymentIntent *Intent `json:"payment_intent,omitempty"`

	status int
	// early is found before the endpoint begins its work: it is not saved under the idempotency key.
	early bool
}

// Error implements error.
func (f *failure) Error() string { return f.Message }

func declined(code, declineCode string) *failure {
	return &failure{
		Type: "card_error", Code: code, DeclineCode: declineCode, Message: "Your card was declined.", status: http.StatusPaymentRequired,
	}
}

func invalid(code, param, message string) *failure {
	return &failure{Type: "invalid_request_error", Code: code, Param: param, Message: message, status: http.StatusBadRequest}
}

func missing(param, message string) *failure {
	return &failure{
		Type: "invalid_request_error", Code: "resource_missing", Param: param, Message: message, status: http.StatusNotFound, early: true,
	}
}

// unexpected is the answer to a request that the status of the PaymentIntent does not allow.
func unexpected(intent *Intent, verb string) *failure {
	f := invalid("payment_intent_unexpected_state", "",
		"You cannot "+verb+" this PaymentIntent because it has a status of "+intent.Status+".")
	f.PaymentIntent = intent
	return f
}
