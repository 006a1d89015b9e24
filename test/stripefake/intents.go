// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripefake

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Intent is a PaymentIntent.
type Intent struct {
	ID                 string            `json:"id"`
	Object             string            `json:"object"`
	Amount             int64             `json:"amount"`
	AmountCapturable   int64             `json:"amount_capturable"`
	AmountReceived     int64             `json:"amount_received"`
	CancellationReason *string           `json:"cancellation_reason"`
	CaptureMethod      string            `json:"capture_method"`
	ClientSecret       string            `json:"client_secret"`
	Created            int64             `json:"created"`
	Currency           string            `json:"currency"`
	Customer           *string           `json:"customer"`
	LastPaymentError   *failure          `json:"last_payment_error"`
	Metadata           map[string]string `json:"metadata"`
	PaymentMethod      *string           `json:"payment_method"`
	Status             string            `json:"status"`
	// Charged is the card that paid, for the fake alone.
	Charged string `json:"_charged,omitempty"`
}

// The statuses of PaymentIntents.
const (
	canceled              = "canceled"
	requiresAction        = "requires_action"
	requiresCapture       = "requires_capture"
	requiresConfirmation  = "requires_confirmation"
	requiresPaymentMethod = "requires_payment_method"
	succeeded             = "succeeded"
)

// authorizationAge is how long an authorisation lasts.
const authorizationAge = 7 * 24 * time.Hour

func createIntent(t tx, _ string, form url.Values) (any, error) {
	amount, err := strconv.ParseInt(form.Get("amount"), 10, 64)
	if err != nil || amount <= 0 {
		return nil, invalid("parameter_invalid_integer", "amount", "Invalid positive integer")
	}
	if amount < 50 {
		return nil, invalid("amount_too_small", "amount", "Amount must be at least 50")
	}
	if form.Get("currency") == "cuc" {
		return nil, invalid("", "currency", "Invalid currency: cuc.")
	}
	method := form.Get("payment_method")
	if _, known := cards[method]; !known {
		f := missing("payment_method", fmt.Sprintf("No such PaymentMethod: '%s'", method))
		f.status = 400
		return nil, f
	}
	now, err := t.now()
	if err != nil {
		return nil, err
	}
	count, err := t.count()
	if err != nil {
		return nil, err
	}
	intent := &Intent{
		ID: fmt.Sprintf("pi_fake%06d", count+1), Object: "payment_intent", Amount: amount, CaptureMethod: form.Get("capture_method"),
		Created: now.Unix(), Currency: form.Get("currency"), Metadata: metadata(form), PaymentMethod: &method, Status: requiresConfirmation,
	}
	intent.ClientSecret = intent.ID + "_secret_fake"
	if customer := form.Get("customer"); customer != "" {
		intent.Customer = &customer
	}
	return intent, t.putIntent(intent)
}

func confirmIntent(t tx, id string, form url.Values) (any, error) {
	intent, err := t.intent(id)
	if err != nil {
		return nil, err
	}
	if intent.Status != requiresConfirmation {
		return nil, unexpected(intent, "confirm")
	}
	method := *intent.PaymentMethod
	used := cards[method]
	decline := used.decline
	if used.authentication {
		if form.Get("off_session") != "true" && form.Get("error_on_requires_action") != "true" {
			intent.Status = requiresAction
			return intent, t.putIntent(intent)
		}
		decline = declined("authentication_required", "authentication_required")
	}
	if decline != nil {
		answer := *decline
		intent.Status, intent.PaymentMethod, intent.LastPaymentError = requiresPaymentMethod, nil, decline
		answer.PaymentIntent = intent
		return &answer, t.putIntent(intent)
	}
	intent.Charged, intent.LastPaymentError = method, nil
	if intent.CaptureMethod == "manual" {
		intent.Status, intent.AmountCapturable = requiresCapture, intent.Amount
	} else {
		intent.Status, intent.AmountReceived = succeeded, intent.Amount
	}
	return intent, t.putIntent(intent)
}

func captureIntent(t tx, id string, form url.Values) (any, error) {
	intent, err := t.intent(id)
	if err != nil {
		return nil, err
	}
	if intent.Status != requiresCapture {
		return nil, unexpected(intent, "capture")
	}
	amount := intent.AmountCapturable
	if text := form.Get("amount_to_capture"); text != "" {
		if amount, err = strconv.ParseInt(text, 10, 64); err != nil || amount > intent.AmountCapturable {
			return nil, invalid("amount_too_large", "amount_to_capture", "More than can be captured")
		}
	}
	intent.Status, intent.AmountCapturable, intent.AmountReceived = succeeded, 0, amount
	maps.Copy(intent.Metadata, metadata(form))
	return intent, t.putIntent(intent)
}

func cancelIntent(t tx, id string, form url.Values) (any, error) {
	intent, err := t.intent(id)
	if err != nil {
		return nil, err
	}
	if intent.Status == succeeded || intent.Status == canceled {
		return nil, unexpected(intent, "cancel")
	}
	reason := form.Get("cancellation_reason")
	if !slices.Contains([]string{"", "duplicate", "fraudulent", "requested_by_customer", "abandoned"}, reason) {
		return nil, invalid("", "cancellation_reason", "Invalid cancellation_reason")
	}
	return intent, t.giveBack(intent, reason)
}

func updateIntent(t tx, id string, form url.Values) (any, error) {
	intent, err := t.intent(id)
	if err != nil {
		return nil, err
	}
	maps.Copy(intent.Metadata, metadata(form))
	if len(intent.Metadata) > 50 {
		return nil, invalid("", "metadata", "You may only specify up to 50 metadata keys.")
	}
	return intent, t.putIntent(intent)
}

func retrieveIntent(t tx, id string, _ url.Values) (any, error) { return orError(t.intent(id)) }

func orError[T any](object *T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return object, nil
}

// intent reads a PaymentIntent as of now: authorisations end by themselves.
func (t tx) intent(id string) (*Intent, error) {
	found, err := objects[*Intent](t, "payment_intent", "id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, missing("intent", fmt.Sprintf("No such payment_intent: '%s'", id))
	}
	now, err := t.now()
	if err != nil {
		return nil, err
	}
	intent := found[0]
	if intent.Status == requiresCapture && now.Sub(time.Unix(intent.Created, 0)) > authorizationAge {
		return intent, t.giveBack(intent, "automatic")
	}
	return intent, nil
}

func (t tx) giveBack(intent *Intent, reason string) error {
	intent.Status, intent.AmountCapturable = canceled, 0
	if reason != "" {
		intent.CancellationReason = &reason
	}
	return t.putIntent(intent)
}

func (t tx) putIntent(intent *Intent) error { return t.put("payment_intent", intent.ID, "", intent) }

// metadata reads metadata[name]=value.
func metadata(form url.Values) map[string]string {
	found := map[string]string{}
	for name, values := range form {
		if inner, ok := trimBoth(name, "metadata[", "]"); ok {
			found[inner] = values[0]
		}
	}
	return found
}
