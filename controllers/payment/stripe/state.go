// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe

import (
	"context"
	"errors"
	"fmt"
	"strings"

	stripego "github.com/stripe/stripe-go/v85"

	"github.com/eventcore/order-operator/controllers/payment/engine"
)

// state is what Stripe knows of a payment.
type state struct {
	// intent is missing in the answer to a refund.
	intent  *stripego.PaymentIntent
	refunds []*stripego.Refund
}

// look reads the PaymentIntent, and its refunds if the request is one.
func (p *Provider) look(ctx context.Context, request engine.Request, id string) (state, error) {
	var s state
	var err error
	s.intent, err = p.client.intent(ctx, "read the PaymentIntent", id,
		func(ctx context.Context, api *stripego.Client) (*stripego.PaymentIntent, error) {
			return api.V1PaymentIntents.Retrieve(ctx, id, nil)
		})
	if err == nil && request.Action == engine.Refund {
		s.refunds, err = p.refunds(ctx, id)
	}
	return s, err
}

// refunds lists them by their PaymentIntent, which sees every one that was made, unlike a search.
func (p *Provider) refunds(ctx context.Context, id string) (refunds []*stripego.Refund, err error) {
	err = p.client.request(ctx, "list the refunds", func(ctx context.Context, api *stripego.Client) error {
		params := &stripego.RefundListParams{PaymentIntent: new(id)}
		params.Limit = new(int64(100))
		for refund, err := range api.V1Refunds.List(ctx, params).All(ctx) {
			if err != nil {
				return err
			}
			refunds = append(refunds, refund)
		}
		return nil
	})
	return refunds, err
}

// verdict is what the status of a PaymentIntent says about a request.
type verdict struct {
	kind verdictKind
	// code is that of the refusal.
	code string
}

type verdictKind int

// The kinds of verdicts. A status that the table does not name has none: Stripe is still at it, or the payment is not
// what we made it.
const (
	// done: it happened.
	done verdictKind = iota + 1
	// absent: it did not happen.
	absent
	// failed: it was refused for the PaymentIntent's last error, if there is one and it is a refusal; else absent.
	failed
	// never: it can't happen any more.
	never
)

// verdicts are by action and status. A request that was fenced is judged before.
var verdicts = map[engine.Action]map[stripego.PaymentIntentStatus]verdict{
	engine.Charge: {
		stripego.PaymentIntentStatusRequiresConfirmation:  {kind: absent},
		stripego.PaymentIntentStatusRequiresPaymentMethod: {kind: failed},
		stripego.PaymentIntentStatusRequiresAction:        {kind: never, code: CodeAuthenticationRequired},
		stripego.PaymentIntentStatusCanceled:              {kind: failed},
		stripego.PaymentIntentStatusSucceeded:             {kind: done},
	},
	engine.Authorize: {
		stripego.PaymentIntentStatusRequiresConfirmation:  {kind: absent},
		stripego.PaymentIntentStatusRequiresPaymentMethod: {kind: failed},
		stripego.PaymentIntentStatusRequiresAction:        {kind: never, code: CodeAuthenticationRequired},
		stripego.PaymentIntentStatusCanceled:              {kind: failed},
		stripego.PaymentIntentStatusRequiresCapture:       {kind: done},
		stripego.PaymentIntentStatusSucceeded:             {kind: done},
	},
	engine.Capture: {
		stripego.PaymentIntentStatusRequiresConfirmation:  {kind: never, code: CodeChargeNotFound},
		stripego.PaymentIntentStatusRequiresPaymentMethod: {kind: never, code: CodeChargeNotFound},
		stripego.PaymentIntentStatusRequiresAction:        {kind: never, code: CodeChargeNotFound},
		stripego.PaymentIntentStatusCanceled:              {kind: never, code: CodeAuthorizationGone},
		stripego.PaymentIntentStatusRequiresCapture:       {kind: absent},
		stripego.PaymentIntentStatusSucceeded:             {kind: done},
	},
	engine.Void: {
		stripego.PaymentIntentStatusRequiresConfirmation:  {kind: absent},
		stripego.PaymentIntentStatusRequiresPaymentMethod: {kind: absent},
		stripego.PaymentIntentStatusRequiresAction:        {kind: absent},
		stripego.PaymentIntentStatusCanceled:              {kind: done},
		stripego.PaymentIntentStatusRequiresCapture:       {kind: absent},
		stripego.PaymentIntentStatusSucceeded:             {kind: never, code: CodeAlreadyCaptured},
	},
	engine.Refund: {
		stripego.PaymentIntentStatusRequiresConfirmation:  {kind: never, code: CodeChargeNotFound},
		stripego.PaymentIntentStatusRequiresPaymentMethod: {kind: never, code: CodeChargeNotFound},
		stripego.PaymentIntentStatusRequiresAction:        {kind: never, code: CodeChargeNotFound},
		stripego.PaymentIntentStatusRequiresCapture:       {kind: never, code: CodeChargeNotFound},
		stripego.PaymentIntentStatusCanceled:              {kind: never, code: CodeChargeNotFound},
		stripego.PaymentIntentStatusSucceeded:             {kind: absent}, // unless a refund says otherwise
	},
}

// standing returns what became of the request: what was done, a *calls.Refusal, nil if it was not made or was fenced,
// or an error if that can't be told yet.
func (s state) standing(request engine.Request) (*engine.Movement, error) {
	if request.Action == engine.Refund {
		if movement, err := s.refunded(request); movement != nil || err != nil || s.intent == nil {
			return movement, err
		}
	}
	if s.marked(request) && s.intent.Metadata[metadataCapturedBy] != request.Key {
		return nil, nil
	}
	found := verdicts[request.Action][s.intent.Status]
	switch found.kind {
	case done:
		return s.movement(request)
	case absent:
		return nil, nil
	case failed:
		return nil, s.lastRefusal()
	case never:
		return nil, refusal(found.code)
	default:
		return nil, fmt.Errorf("the PaymentIntent has the status %q: the outcome is not known yet", word(string(s.intent.Status)))
	}
}

// lastRefusal returns the refusal that the last try to confirm ended with, nil if it did not end with one.
func (s state) lastRefusal() error {
	last := s.intent.LastPaymentError
	if last == nil {
		return nil
	}
	if code := payments.code(string(last.Code), string(last.DeclineCode), last.Param); code != "" {
		return refusal(code)
	}
	return nil
}

// movement is what was done to the PaymentIntent as a whole.
func (s state) movement(request engine.Request) (*engine.Movement, error) {
	minor := s.intent.Amount
	if request.Action == engine.Charge || request.Action == engine.Capture {
		minor = s.intent.AmountReceived
	}
	return moved(s.intent.ID, string(s.intent.Currency), minor)
}

func moved(reference, currency string, minor int64) (*engine.Movement, error) {
	amount, err := fromStripe(strings.ToUpper(currency), minor)
	if err != nil {
		return nil, err
	}
	return &engine.Movement{Reference: reference, Amount: amount}, nil
}

// errRefundOpen is for refunds that wait for the customer, which those to cards never do.
var errRefundOpen = errors.New("the refund waits for the customer at Stripe: its outcome is not known yet")

// refunded returns the refund of the request's key, its refusal if that failed, or, if another refund has returned all
// of the money already, that one: there is nothing left to do.
func (s state) refunded(request engine.Request) (*engine.Movement, error) {
	var failure error
	for _, refund := range s.refunds {
		if refund.Metadata[metadataKey] != request.Key {
			continue
		}
		switch refund.Status {
		case stripego.RefundStatusSucceeded, stripego.RefundStatusPending:
			return moved(refund.ID, string(refund.Currency), refund.Amount)
		case stripego.RefundStatusFailed, stripego.RefundStatusCanceled:
			failure = refusal(CodeRefundFailed)
		default:
			failure = errRefundOpen
		}
	}
	if failure != nil || s.intent == nil || s.marked(request) {
		return nil, failure
	}
	returned, last := s.returned()
	if returned == 0 || returned < s.intent.AmountReceived {
		return nil, nil
	}
	return moved(last.ID, string(last.Currency), returned)
}

// returned adds up what was refunded, and returns the last of the refunds.
func (s state) returned() (minor int64, last *stripego.Refund) {
	for _, refund := range s.refunds {
		if refund.Status == stripego.RefundStatusFailed || refund.Status == stripego.RefundStatusCanceled {
			continue
		}
		minor += refund.Amount
		if last == nil { // Stripe lists the newest first
			last = refund
		}
	}
	return minor, last
}

// admits refuses amounts that do not fit what the state leaves.
func (s state) admits(request engine.Request, minor int64) error {
	if !strings.EqualFold(string(s.intent.Currency), request.Amount.Currency) {
		return refusal(CodeAmountMismatch)
	}
	returned, _ := s.returned()
	switch {
	case request.Action == engine.Refund && minor > s.intent.AmountReceived-returned:
		return refusal(CodeRefundExceedsCharge)
	case request.Action != engine.Refund && minor != s.intent.Amount:
		return refusal(CodeAmountMismatch)
	}
	return nil
}
