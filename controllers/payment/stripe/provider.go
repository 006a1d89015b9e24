// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe

import (
	"context"
	"errors"
	"fmt"
	"strings"

	stripego "github.com/stripe/stripe-go/v85"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/payment/engine"
)

// ErrDone says that a request can't be fenced, because what it asks for has happened.
var ErrDone = errors.New("the request has succeeded at Stripe")

// The names of what the operator writes into the metadata of PaymentIntents and refunds.
const (
	metadataKey         = "key"
	metadataCorrelation = "correlation"
	metadataCapturedBy  = "captured_by"
	metadataFence       = "fence_" // and a digest of the key that is fenced
)

// Provider takes and returns money through one Stripe account.
type Provider struct {
	client *client
}

var (
	_ engine.Provider = (*Provider)(nil)
	_ engine.Preparer = (*Provider)(nil)
)

// New returns a provider. It makes no call.
func New(options Options) *Provider { return &Provider{client: newClient(options)} }

// Prepare creates the PaymentIntent of a charge or an authorisation, unconfirmed: nobody but Stripe's dashboard will
// notice. Other actions need no preparation.
func (p *Provider) Prepare(ctx context.Context, request engine.Request) (string, error) {
	if request.Action != engine.Charge && request.Action != engine.Authorize {
		return "", nil
	}
	minor, err := toStripe(request.Amount)
	if err != nil {
		return "", err
	}
	intent, err := p.create(ctx, intentOf(request, minor))
	if failed, ok := errors.AsType[*fault](err); ok && failed.mismatched() {
		// The key was used before with another token: the Order was created anew since. A second PaymentIntent does no
		// harm, because only the one whose id is recorded will be confirmed.
		params := intentOf(request, minor)
		params.IdempotencyKey = nil
		intent, err = p.create(ctx, params)
	}
	if err != nil {
		return "", harmless(refused(payments, err))
	}
	return intent.ID, nil
}

func intentOf(request engine.Request, minor int64) *stripego.PaymentIntentCreateParams {
	capture := stripego.PaymentIntentCaptureMethodAutomatic
	if request.Action == engine.Authorize {
		capture = stripego.PaymentIntentCaptureMethodManual
	}
	customer, method := payer(request.Token)
	params := &stripego.PaymentIntentCreateParams{
		Amount:        new(minor),
		Currency:      new(strings.ToLower(request.Amount.Currency)),
		CaptureMethod: new(string(capture)),
		Confirm:       new(false),
		PaymentMethod: new(method),
		// Cards are answered at once. With other methods a payment may be open for days.
		PaymentMethodTypes: []*string{new("card")},
		Metadata:           map[string]string{metadataKey: request.Key, metadataCorrelation: request.Correlation},
	}
	if customer != "" {
		params.Customer = new(customer)
	}
	params.SetIdempotencyKey(request.Key)
	return params
}

// payer splits a token: pm_… is a payment method that is used once, cus_…/pm_… one that a customer saved.
func payer(token string) (customer, method string) {
	if before, after, found := strings.Cut(token, "/"); found {
		return before, after
	}
	return "", token
}

func (p *Provider) create(ctx context.Context, params *stripego.PaymentIntentCreateParams) (*stripego.PaymentIntent, error) {
	return p.client.intent(ctx, "create a PaymentIntent", "", func(ctx context.Context, api *stripego.Client) (
		*stripego.PaymentIntent, error,
	) {
		return api.V1PaymentIntents.Create(ctx, params)
	})
}

// Do carries out the request.
func (p *Provider) Do(ctx context.Context, request engine.Request) (engine.Movement, error) {
	var movement *engine.Movement
	var err error
	switch request.Action {
	case engine.Charge, engine.Authorize:
		movement, err = p.confirm(ctx, request)
	default:
		movement, err = p.follow(ctx, request)
	}
	if err != nil {
		return engine.Movement{}, err
	}
	return *movement, nil
}

// Find reads what became of the request.
func (p *Provider) Find(ctx context.Context, request engine.Request) (*engine.Movement, error) {
	id, err := intentID(request)
	if id == "" || err != nil {
		return nil, err
	}
	state, err := p.look(ctx, request, id)
	if err != nil {
		return nil, err
	}
	return state.standing(request)
}

// Cancel fences the request: see the package's documentation.
func (p *Provider) Cancel(ctx context.Context, request engine.Request) error {
	id, err := intentID(request)
	if _, refused := errors.AsType[*calls.Refusal](err); refused {
		return nil // and always will be
	}
	if id == "" || err != nil {
		return err
	}
	state, err := p.look(ctx, request, id)
	if err != nil {
		return err
	}
	return p.fence(ctx, request, state)
}

// intentID returns the id of the request's PaymentIntent. Without one there is nothing to look up or to fence: a charge
// that was never prepared is never confirmed.
func intentID(request engine.Request) (string, error) {
	switch request.Action {
	case engine.Charge, engine.Authorize:
		return request.Prepared, nil
	case engine.Capture, engine.Void, engine.Refund:
		if !strings.HasPrefix(request.Charge, "pi_") {
			return "", &calls.Refusal{
				Code: CodeChargeNotFound, Message: "The reference of the charge is no PaymentIntent of Stripe's, which begins with pi_",
			}
		}
		return request.Charge, nil
	default:
		return "", unknownAction(request.Action)
	}
}

func unknownAction(action engine.Action) error {
	return fmt.Errorf("%w: Stripe is not asked to %q anything", calls.ErrMisconfigured, action)
}
