// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	stripego "github.com/stripe/stripe-go/v85"

	"github.com/eventcore/order-operator/controllers/calls"
)

// fault is why a request got no useful answer. It holds no words of Stripe's, which may repeat a token or hold a
// PaymentIntent's client secret, only what Stripe says in codes.
type fault struct {
	what string
	// sent is false if the request surely did not reach Stripe.
	sent bool
	// ended is the error of the caller's context, if that is why.
	ended error
	// said is our description of what went wrong, without an answer.
	said string

	status               int
	kind                 stripego.ErrorType
	code, decline, param string
}

// newFault describes the error of a request.
func newFault(ctx context.Context, what string, err error, connected bool) *fault {
	f := &fault{what: what, sent: connected, ended: ctx.Err()}
	answer, ok := errors.AsType[*stripego.Error](err)
	if !ok {
		f.said = describe(err, connected)
		return f
	}
	f.sent = true
	f.status, f.kind = answer.HTTPStatusCode, stripego.ErrorType(word(string(answer.Type)))
	f.code, f.decline, f.param = word(string(answer.Code)), word(string(answer.DeclineCode)), word(answer.Param)
	return f
}

// describe says in our words why there is no answer.
func describe(err error, connected bool) string {
	switch {
	case errors.Is(err, errRedirect):
		return errRedirect.Error()
	case errors.Is(err, errTooLong):
		return errTooLong.Error()
	case !connected:
		return "no connection"
	default:
		return "no answer that could be read"
	}
}

// word returns a code of Stripe's if it looks like one: lower-case letters and underscores, no more than 64. Keys,
// tokens and sentences do not.
func word(code string) string {
	if len(code) > 64 || strings.ContainsFunc(code, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }) {
		return ""
	}
	return code
}

// Error implements error.
func (f *fault) Error() string {
	var text strings.Builder
	text.WriteString("ask Stripe to " + f.what + ": ")
	if f.status == 0 {
		text.WriteString(f.said)
	} else {
		text.WriteString(strconv.Itoa(f.status) + " " + http.StatusText(f.status))
	}
	for _, detail := range []struct{ name, value string }{
		{"type", string(f.kind)}, {"code", f.code}, {"decline code", f.decline}, {"parameter", f.param},
	} {
		if detail.value != "" {
			text.WriteString(", " + detail.name + " " + detail.value)
		}
	}
	return text.String()
}

// Unwrap returns what the fault means to the saga, and the error of the caller's context.
func (f *fault) Unwrap() []error {
	var errs []error
	if meaning := f.meaning(); meaning != nil {
		errs = append(errs, meaning)
	}
	if f.ended != nil {
		errs = append(errs, f.ended)
	}
	return errs
}

// misconfigurations are answers that concern the account or its key, not the order: of a PaymentIntent that was
// created with the key nothing can be missing, unless the key is now one of another account, or of the other mode.
var misconfigurations = map[int]bool{
	http.StatusUnauthorized: true,
	http.StatusForbidden:    true,
	http.StatusNotFound:     true,
}

// meaning returns calls.ErrMisconfigured or calls.ErrUnavailable if nothing happened, else nil.
//
// A conflict, 409, is neither: it says that a request with the same idempotency key is under way.
func (f *fault) meaning() error {
	switch {
	case misconfigurations[f.status]:
		return calls.ErrMisconfigured
	case !f.sent, f.status == http.StatusTooManyRequests, f.code == string(stripego.ErrorCodeLockTimeout):
		return calls.ErrUnavailable
	}
	return nil
}

// mismatched reports whether the idempotency key was used for another request before.
func (f *fault) mismatched() bool {
	return f.status == http.StatusBadRequest && f.kind == stripego.ErrorTypeIdempotency
}

// harmless turns every failure of a request that changes nothing into one after which nothing has happened.
func harmless(err error) error {
	if known(err) {
		return err
	}
	return errors.Join(calls.ErrUnavailable, err)
}

// known reports whether the error says that nothing happened.
func known(err error) bool {
	_, refusal := errors.AsType[*calls.Refusal](err)
	return refusal || errors.Is(err, calls.ErrMisconfigured) || errors.Is(err, calls.ErrUnavailable)
}

// uncertain leaves open what happened, whatever the error says about the last of several requests.
func uncertain(err error) error { return errors.New(err.Error()) }
