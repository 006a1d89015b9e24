// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	stripego "github.com/stripe/stripe-go/v85"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/payment/engine"
)

// fence makes the request impossible, or at least without an effect.
func (p *Provider) fence(ctx context.Context, request engine.Request, s state) error {
	movement, err := s.standing(request)
	_, refused := errors.AsType[*calls.Refusal](err)
	switch {
	case movement != nil:
		return ErrDone
	case s.impossible(request):
		return nil
	case err != nil && !refused:
		return err
	}
	switch request.Action {
	case engine.Charge, engine.Authorize:
		return p.fenceByCancelling(ctx, s)
	case engine.Capture:
		// First the mark: it tells a late request that it was fenced, and others that the authorisation is gone.
		if err := p.mark(ctx, request, s); err != nil {
			return err
		}
		return p.fenceByCancelling(ctx, s)
	case engine.Void:
		return p.mark(ctx, request, s)
	default:
		return p.fenceRefund(ctx, request, s)
	}
}

// impossible reports whether the status of the PaymentIntent, or a mark, rules the request out for ever. That of a
// capture needs both: the mark alone does not stop one that is on its way.
func (s state) impossible(request engine.Request) bool {
	switch request.Action {
	case engine.Charge, engine.Authorize:
		return s.intent.Status == stripego.PaymentIntentStatusCanceled
	case engine.Capture:
		return s.intent.Status == stripego.PaymentIntentStatusCanceled || s.intent.Status == stripego.PaymentIntentStatusSucceeded
	case engine.Void:
		return s.intent.Status == stripego.PaymentIntentStatusSucceeded || s.marked(request)
	default:
		return s.marked(request)
	}
}

// fenceByCancelling cancels the PaymentIntent. Should an authorisation arrive between the look and the cancellation,
// it is given back: then, too, nothing has happened in the end. A charge or capture that arrives in between makes
// Stripe refuse the cancellation.
//
// It has no idempotency key that could give an old answer again, because to cancel twice is to cancel once.
func (p *Provider) fenceByCancelling(ctx context.Context, s state) error {
	intent, err := p.cancel(ctx, s.intent.ID, &stripego.PaymentIntentCancelParams{
		CancellationReason: new(string(stripego.PaymentIntentCancellationReasonAbandoned)),
	})
	if err != nil {
		return err
	}
	if intent.Status != stripego.PaymentIntentStatusCanceled {
		return fmt.Errorf("the PaymentIntent has the status %q after it was canceled", word(string(intent.Status)))
	}
	return nil
}

// fenceRefund marks the key, if a refund that is on its way can't add to the one that comes after it.
func (p *Provider) fenceRefund(ctx context.Context, request engine.Request, s state) error {
	minor, err := toStripe(request.Amount)
	if err != nil {
		return nil //nolint:nilerr // Do refuses the amount, always
	}
	returned, _ := s.returned()
	if minor <= (s.intent.AmountReceived-returned)/2 {
		return fmt.Errorf("%w: the refund of %s %s is small enough to be made twice: look at the payment in Stripe's dashboard",
			calls.ErrNoFence, request.Amount, request.Amount.Currency)
	}
	if err := p.mark(ctx, request, s); err != nil {
		return err
	}
	// One that arrived since the look has succeeded.
	after, err := p.look(ctx, request, s.intent.ID)
	if err != nil {
		return err
	}
	if movement, _ := after.standing(request); movement != nil {
		return ErrDone
	}
	return nil
}

// mark writes into the PaymentIntent that the key is fenced.
func (p *Provider) mark(ctx context.Context, request engine.Request, s state) error {
	params := &stripego.PaymentIntentUpdateParams{Metadata: map[string]string{markOf(request.Key): string(request.Action)}}
	_, err := p.client.intent(ctx, "mark the PaymentIntent", s.intent.ID,
		func(ctx context.Context, api *stripego.Client) (*stripego.PaymentIntent, error) {
			return api.V1PaymentIntents.Update(ctx, s.intent.ID, params)
		})
	return err
}

// markOf returns the name of the key's mark: Stripe takes names of up to 40 characters, and 50 of them.
func markOf(key string) string {
	digest := sha256.Sum256([]byte(key))
	return metadataFence + hex.EncodeToString(digest[:16])
}

// marked reports whether the key was fenced by a mark.
func (s state) marked(request engine.Request) bool {
	return s.intent != nil && s.intent.Metadata[markOf(request.Key)] != ""
}

// fenced reports whether the request was fenced.
func (s state) fenced(request engine.Request) bool {
	if request.Action == engine.Charge || request.Action == engine.Authorize {
		return s.intent.Status == stripego.PaymentIntentStatusCanceled
	}
	return s.marked(request)
}
