// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	stripego "github.com/stripe/stripe-go/v85"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/payment/engine"
)

// confirm makes a charge or an authorisation. There is no look before it: the PaymentIntent belongs to the key alone,
// has its payment method only until the first try, and succeeds once.
func (p *Provider) confirm(ctx context.Context, request engine.Request) (*engine.Movement, error) {
	if request.Prepared == "" {
		return nil, fmt.Errorf("%w: no PaymentIntent was prepared for the payment", calls.ErrUnavailable)
	}
	params := &stripego.PaymentIntentConfirmParams{}
	if customer, _ := payer(request.Token); customer != "" {
		params.OffSession = new(true) // saved for such payments, so that the bank need not ask the customer
	} else {
		params.ErrorOnRequiresAction = new(true)
	}
	params.SetIdempotencyKey(request.Key + "/confirm")
	intent, err := p.client.intent(ctx, "confirm the PaymentIntent", request.Prepared,
		func(ctx context.Context, api *stripego.Client) (*stripego.PaymentIntent, error) {
			return api.V1PaymentIntents.Confirm(ctx, request.Prepared, params)
		})
	if err != nil {
		return p.review(ctx, request, request.Prepared, refused(payments, err))
	}
	if replayed(intent) {
		return p.reread(ctx, request, request.Prepared, errStrange)
	}
	return concluded(request, state{intent: intent}, errStrange)
}

// replayed reports whether Stripe gave an old answer again. Since then the authorisation in it may have been fenced.
func replayed(intent *stripego.PaymentIntent) bool {
	return intent.LastResponse != nil && intent.LastResponse.Header.Get("Idempotent-Replayed") == "true"
}

// follow captures, voids or refunds, after a look: neither the 24 hours of Stripe's idempotency keys matter then, nor
// who did the same before.
func (p *Provider) follow(ctx context.Context, request engine.Request) (*engine.Movement, error) {
	id, err := intentID(request)
	if err != nil {
		return nil, err
	}
	before, err := p.look(ctx, request, id)
	if err != nil {
		return nil, harmless(err) // nothing was asked for yet
	}
	movement, err := concluded(request, before, nil)
	if movement != nil || err != nil {
		return movement, err
	}
	minor, err := toStripe(request.Amount)
	if err != nil {
		return nil, err
	}
	if err := before.admits(request, minor); err != nil {
		return nil, err
	}
	after, err := p.act(ctx, request, id, minor)
	if err != nil {
		return p.review(ctx, request, id, err)
	}
	return concluded(request, after, errStrange)
}

// act makes the one request that captures, voids or refunds.
func (p *Provider) act(ctx context.Context, request engine.Request, id string, minor int64) (state, error) {
	switch request.Action {
	case engine.Capture:
		intent, err := p.capture(ctx, request, id, minor)
		return state{intent: intent}, refused(captures, err)
	case engine.Void:
		params := &stripego.PaymentIntentCancelParams{
			CancellationReason: new(string(stripego.PaymentIntentCancellationReasonRequestedByCustomer)),
		}
		params.SetIdempotencyKey(request.Key)
		intent, err := p.cancel(ctx, id, params)
		return state{intent: intent}, refused(captures, err)
	default:
		refund, err := p.refund(ctx, request, id, minor)
		return state{refunds: []*stripego.Refund{refund}}, refused(returns, err)
	}
}

func (p *Provider) capture(ctx context.Context, request engine.Request, id string, minor int64) (*stripego.PaymentIntent, error) {
	params := &stripego.PaymentIntentCaptureParams{
		AmountToCapture: new(minor),
		Metadata:        map[string]string{metadataCapturedBy: request.Key},
	}
	params.SetIdempotencyKey(request.Key)
	return p.client.intent(ctx, "capture the PaymentIntent", id,
		func(ctx context.Context, api *stripego.Client) (*stripego.PaymentIntent, error) {
			return api.V1PaymentIntents.Capture(ctx, id, params)
		})
}

func (p *Provider) cancel(ctx context.Context, id string, params *stripego.PaymentIntentCancelParams) (*stripego.PaymentIntent, error) {
	return p.client.intent(ctx, "cancel the PaymentIntent", id,
		func(ctx context.Context, api *stripego.Client) (*stripego.PaymentIntent, error) {
			return api.V1PaymentIntents.Cancel(ctx, id, params)
		})
}

func (p *Provider) refund(ctx context.Context, request engine.Request, id string, minor int64) (*stripego.Refund, error) {
	params := &stripego.RefundCreateParams{
		PaymentIntent: new(id),
		Amount:        new(minor),
		Metadata:      map[string]string{metadataKey: request.Key, metadataCorrelation: request.Correlation},
	}
	params.SetIdempotencyKey(request.Key)
	var refund *stripego.Refund
	err := p.client.request(ctx, "refund the PaymentIntent", func(ctx context.Context, api *stripego.Client) (err error) {
		refund, err = api.V1Refunds.Create(ctx, params)
		return err
	})
	return refund, err
}

// errStrange is for answers that say neither yes nor no.
var errStrange = errors.New("the answer of Stripe says neither that the payment was made nor that it was refused")

// concluded returns what the state says about the request: what was done, or why it never will be. If it says neither,
// it returns the error that is given.
func concluded(request engine.Request, s state, otherwise error) (*engine.Movement, error) {
	movement, err := s.standing(request)
	if movement != nil || err != nil {
		return movement, err
	}
	if s.fenced(request) {
		return nil, &calls.Refusal{Code: calls.CodeFenced, Message: "The request was cancelled before"}
	}
	return nil, otherwise
}

// review looks again after a request to change something failed, if Stripe says that it was not in order: it comes too
// late then, or repeats what was done.
func (p *Provider) review(ctx context.Context, request engine.Request, id string, err error) (*engine.Movement, error) {
	f, ok := errors.AsType[*fault](err)
	if !ok || f.status != http.StatusBadRequest {
		return nil, err
	}
	return p.reread(ctx, request, id, uncertain(err))
}

// reread concludes from what is true now, after a request that may have changed something.
func (p *Provider) reread(ctx context.Context, request engine.Request, id string, otherwise error) (*engine.Movement, error) {
	state, err := p.look(ctx, request, id)
	if err != nil {
		return nil, uncertain(err)
	}
	return concluded(request, state, otherwise)
}
