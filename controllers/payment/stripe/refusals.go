// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe

import (
	"errors"
	"net/http"

	stripego "github.com/stripe/stripe-go/v85"

	"github.com/eventcore/order-operator/controllers/calls"
)

// The codes of refusals.
const (
	CodeAlreadyCaptured        = "already_captured"
	CodeAmountMismatch         = "amount_mismatch"
	CodeAmountNotSupported     = "amount_not_supported"
	CodeAmountTooLarge         = "amount_too_large"
	CodeAmountTooSmall         = "amount_too_small"
	CodeAuthenticationRequired = "authentication_required"
	CodeAuthorizationGone      = "authorization_gone"
	CodeBalanceInsufficient    = "balance_insufficient"
	CodeCardDeclined           = "card_declined"
	CodeCardNotSupported       = "card_not_supported"
	CodeChargeDisputed         = "charge_disputed"
	CodeChargeNotFound         = "charge_not_found"
	CodeCurrencyNotSupported   = "currency_not_supported"
	CodeExpiredCard            = "expired_card"
	CodeIncorrectCard          = "incorrect_card"
	CodeInsufficientFunds      = "insufficient_funds"
	CodeNotRefundable          = "charge_not_refundable"
	CodePaymentMethodInvalid   = "payment_method_invalid"
	CodeRefundExceedsCharge    = "refund_exceeds_charge"
	CodeRefundFailed           = "refund_failed"
)

// messages say the refusals to people, in our words: Stripe's may repeat what must not be repeated.
var messages = map[string]string{
	CodeAlreadyCaptured:        "The authorisation was captured already: it can be refunded, not voided",
	CodeAmountMismatch:         "The authorisation is for another amount",
	CodeAmountNotSupported:     "Stripe can't express the amount in this currency",
	CodeAmountTooLarge:         "The amount is above the largest that Stripe takes",
	CodeAmountTooSmall:         "The amount is below the smallest that Stripe takes",
	CodeAuthenticationRequired: "The bank wants the customer to confirm the payment, which must be done at checkout",
	CodeAuthorizationGone:      "The authorisation has expired or was voided",
	CodeBalanceInsufficient:    "The balance of the Stripe account does not cover the refund: top it up and retry",
	CodeCardDeclined:           "The card was declined",
	CodeCardNotSupported:       "The card does not support this payment",
	CodeChargeDisputed:         "The customer has disputed the payment: the bank decides about the money",
	CodeChargeNotFound:         "The payment was never taken or authorised",
	CodeCurrencyNotSupported:   "The Stripe account can't charge this currency",
	CodeExpiredCard:            "The card has expired",
	CodeIncorrectCard:          "The card's number, security code, expiry or address is wrong",
	CodeInsufficientFunds:      "The account does not have enough funds",
	CodeNotRefundable:          "Stripe does not refund this payment",
	CodePaymentMethodInvalid:   "Stripe does not know the payment token, or it can't be used for this payment",
	CodeRefundExceedsCharge:    "The payment does not have that much left to refund",
	CodeRefundFailed:           "The refund failed at the customer's bank",
}

func refusal(code string) *calls.Refusal { return &calls.Refusal{Code: code, Message: messages[code]} }

// refusals are Stripe's answers that are a final no, and our codes for them. Whatever is not in the tables is no
// refusal: the request's outcome is looked up, and it is tried again.
type refusals struct {
	// declines are by decline code, and come before codes. An empty code of ours takes the decline out of the refusals.
	declines map[string]string
	codes    map[string]string
	// params are by the parameter that an invalid request names, if it has no code, or the code resource_missing.
	params map[string]string
}

// payments are the refusals of charges and authorisations. Reports of stolen cards and suspected fraud are
// deliberately not told apart from other declines, as Stripe recommends.
var payments = refusals{
	declines: map[string]string{
		"authentication_not_handled": CodeAuthenticationRequired,
		"authentication_required":    CodeAuthenticationRequired,
		"card_not_supported":         CodeCardNotSupported,
		"currency_not_supported":     CodeCardNotSupported,
		"expired_card":               CodeExpiredCard,
		"incorrect_address":          CodeIncorrectCard,
		"incorrect_cvc":              CodeIncorrectCard,
		"incorrect_number":           CodeIncorrectCard,
		"incorrect_zip":              CodeIncorrectCard,
		"insufficient_funds":         CodeInsufficientFunds,
		"invalid_cvc":                CodeIncorrectCard,
		"invalid_expiry_month":       CodeIncorrectCard,
		"invalid_expiry_year":        CodeIncorrectCard,
		"invalid_number":             CodeIncorrectCard,
		"transaction_not_allowed":    CodeCardNotSupported,
		"approve_with_id":            "", // these pass: the bank could not be asked
		"issuer_not_available":       "",
		"processing_error":           "",
		"reenter_transaction":        "",
		"try_again_later":            "",
	},
	codes: map[string]string{
		"amount_too_large":                            CodeAmountTooLarge,
		"amount_too_small":                            CodeAmountTooSmall,
		"authentication_required":                     CodeAuthenticationRequired,
		"card_decline_rate_limit_exceeded":            CodeCardDeclined,
		"card_declined":                               CodeCardDeclined,
		"expired_card":                                CodeExpiredCard,
		"incorrect_address":                           CodeIncorrectCard,
		"incorrect_cvc":                               CodeIncorrectCard,
		"incorrect_number":                            CodeIncorrectCard,
		"incorrect_zip":                               CodeIncorrectCard,
		"insufficient_funds":                          CodeInsufficientFunds,
		"invalid_card_type":                           CodeCardNotSupported,
		"invalid_charge_amount":                       CodeAmountNotSupported,
		"invalid_charge_amount_no_decimal_compatible": CodeAmountNotSupported,
		"invalid_cvc":                                 CodeIncorrectCard,
		"invalid_expiry_month":                        CodeIncorrectCard,
		"invalid_expiry_year":                         CodeIncorrectCard,
		"invalid_number":                              CodeIncorrectCard,
		"payment_intent_action_required":              CodeAuthenticationRequired,
		"payment_intent_authentication_failure":       CodeAuthenticationRequired,
		"payment_intent_incompatible_payment_method":  CodePaymentMethodInvalid,
		"payment_method_currency_mismatch":            CodeCurrencyNotSupported,
		"payment_method_customer_decline":             CodeCardDeclined,
		"payment_method_provider_decline":             CodeCardDeclined,
		"requires_action_not_handled":                 CodeAuthenticationRequired,
		"token_already_used":                          CodePaymentMethodInvalid,
	},
	params: map[string]string{
		"currency":       CodeCurrencyNotSupported,
		"customer":       CodePaymentMethodInvalid,
		"payment_method": CodePaymentMethodInvalid,
	},
}

// captures are the refusals of captures and voids.
var captures = refusals{codes: map[string]string{
	"capture_charge_authorization_expired": CodeAuthorizationGone,
	"charge_expired_for_capture":           CodeAuthorizationGone,
}}

// returns are the refusals of refunds.
var returns = refusals{codes: map[string]string{
	"balance_insufficient":    CodeBalanceInsufficient,
	"charge_disputed":         CodeChargeDisputed,
	"charge_not_refundable":   CodeNotRefundable,
	"insufficient_funds":      CodeBalanceInsufficient, // those of the Stripe account
	"refund_disputed_payment": CodeChargeDisputed,
}}

// code returns our code for what Stripe says, and "" if that is no refusal.
func (r refusals) code(code, decline, param string) string {
	if found, ok := r.declines[decline]; ok && decline != "" {
		return found
	}
	if found := r.codes[code]; found != "" {
		return found
	}
	if code == "" || code == string(stripego.ErrorCodeResourceMissing) {
		return r.params[param]
	}
	return ""
}

// refused returns the *calls.Refusal that the error amounts to, else the error.
func refused(table refusals, err error) error {
	f, ok := errors.AsType[*fault](err)
	if !ok || (f.status != http.StatusBadRequest && f.status != http.StatusPaymentRequired && f.status != http.StatusNotFound) {
		return err
	}
	if code := table.code(f.code, f.decline, f.param); code != "" {
		return refusal(code)
	}
	return err
}
