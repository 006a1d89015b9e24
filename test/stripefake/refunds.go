// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripefake

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Refund is a refund.
type Refund struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	Amount        int64             `json:"amount"`
	Currency      string            `json:"currency"`
	Metadata      map[string]string `json:"metadata"`
	PaymentIntent string            `json:"payment_intent"`
	Status        string            `json:"status"`
}

func createRefund(t tx, _ string, form url.Values) (any, error) {
	intent, err := t.intent(form.Get("payment_intent"))
	if err != nil {
		return nil, err
	}
	if intent.Status != succeeded {
		return nil, invalid("", "payment_intent", "This PaymentIntent does not have a successful charge to refund.")
	}
	if cards[intent.Charged].disputed {
		return nil, invalid("charge_disputed", "", "Charge has been charged back; cannot issue a refund.")
	}
	left, err := t.left(intent)
	if err != nil {
		return nil, err
	}
	amount := left
	if text := form.Get("amount"); text != "" {
		if amount, err = strconv.ParseInt(text, 10, 64); err != nil || amount <= 0 {
			return nil, invalid("parameter_invalid_integer", "amount", "Invalid positive integer")
		}
	}
	switch {
	case left == 0:
		return nil, invalid("charge_already_refunded", "", "Charge has already been refunded.")
	case amount > left:
		return nil, invalid("", "amount", "Refund amount is greater than unrefunded amount on charge")
	}
	count, err := t.count()
	if err != nil {
		return nil, err
	}
	refund := &Refund{
		ID: fmt.Sprintf("re_fake%06d", count+1), Object: "refund", Amount: amount, Currency: intent.Currency,
		Metadata: metadata(form), PaymentIntent: intent.ID, Status: succeeded,
	}
	if status := cards[intent.Charged].refund; status != "" {
		refund.Status = status
	}
	return refund, t.put("refund", refund.ID, intent.ID, refund)
}

// left is what can still be refunded.
func (t tx) left(intent *Intent) (int64, error) {
	left := intent.AmountReceived
	refunds, err := t.refunds(intent.ID)
	for _, refund := range refunds {
		if refund.Status != "failed" && refund.Status != canceled {
			left -= refund.Amount
		}
	}
	return left, err
}

// refunds lists those of the PaymentIntent, the newest first.
func (t tx) refunds(intent string) ([]*Refund, error) {
	return objects[*Refund](t, "refund", "parent = ? ORDER BY seq DESC", intent)
}

func listRefunds(t tx, _ string, form url.Values) (any, error) {
	if _, err := t.intent(form.Get("payment_intent")); err != nil {
		return nil, err
	}
	found, err := t.refunds(form.Get("payment_intent"))
	if err != nil {
		return nil, err
	}
	if after := form.Get("starting_after"); after != "" {
		found = found[slices.IndexFunc(found, func(r *Refund) bool { return r.ID == after })+1:]
	}
	limit := 10
	if text := form.Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > 100 {
			return nil, invalid("parameter_invalid_integer", "limit", "The limit must be between 1 and 100")
		}
	}
	more := len(found) > limit
	if more {
		found = found[:limit]
	}
	return map[string]any{"object": "list", "url": "/v1/refunds", "has_more": more, "data": append([]*Refund{}, found...)}, nil
}

func trimBoth(text, prefix, suffix string) (string, bool) {
	text, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(text, suffix)
}
