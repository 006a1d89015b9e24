// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/webhook"
)

const (
	asJSON = "application/json"
	key    = "store/shop/order/1"
)

// errUnknown stands for an error that leaves the outcome open, errRefused for any refusal.
var (
	errUnknown = errors.New("the outcome is unknown")
	errRefused = errors.New("refused")
)

// meaning reduces the error to what the saga concludes from it.
func meaning(err error) error {
	if refusal, ok := errors.AsType[*calls.Refusal](err); ok {
		if refusal.Code == calls.CodeFenced {
			return refusal
		}
		return errRefused
	}
	for _, known := range []error{calls.ErrUnavailable, calls.ErrMisconfigured, calls.ErrNoFence} {
		if errors.Is(err, known) {
			return known
		}
	}
	if err != nil {
		return errUnknown
	}
	return nil
}

func TestWhatIsConcludedFromAReply(t *testing.T) {
	fenced := &calls.Refusal{Code: calls.CodeFenced, Message: "The idempotency key was cancelled"}
	with := func(rest string) string { return `{"key":"` + key + `",` + rest + `}` }
	succeeded, refused := with(`"status":"succeeded"`), with(`"status":"refused","code":"card_declined","message":"No"`)
	cancelled, notSeen := with(`"status":"cancelled"`), with(`"status":"not_seen"`)
	for _, row := range []struct {
		name, body, contentType string
		code                    int
		do, find, cancel        error
	}{
		{"succeeded", succeeded, asJSON, 200, nil, nil, errUnknown},
		{"created", succeeded, asJSON, 201, nil, errUnknown, errUnknown},
		{"accepted, not done", with(`"status":"pending"`), asJSON, 202, errUnknown, errUnknown, errUnknown},
		{"pending", with(`"status":"pending"`), asJSON, 200, errUnknown, errUnknown, errUnknown},
		{"JSON with a character set", succeeded, "application/json; charset=utf-8", 200, nil, nil, errUnknown},
		{"refused", refused, asJSON, 402, errRefused, errUnknown, errUnknown},
		{"refused by a conflict", refused, asJSON, 409, errRefused, errUnknown, errUnknown},
		{"refused as unprocessable", refused, asJSON, 422, errRefused, errUnknown, errUnknown},
		{"refused before", refused, asJSON, 200, errUnknown, errRefused, nil},
		{"fenced", cancelled, asJSON, 409, fenced, errUnknown, errUnknown},
		{"fenced before", cancelled, asJSON, 200, errUnknown, nil, nil},
		{"never seen", notSeen, asJSON, 200, errUnknown, nil, errUnknown},
		{"too late for a fence", succeeded, asJSON, 409, errUnknown, errUnknown, errUnknown},
		{
			"a key used for something else", with(`"status":"refused","code":"idempotency_key_reused"`), asJSON, 409,
			errUnknown, errUnknown, errUnknown,
		},
		{"no credentials", "", "", 401, calls.ErrMisconfigured, calls.ErrMisconfigured, calls.ErrMisconfigured},
		{"no permission", refused, asJSON, 403, calls.ErrMisconfigured, calls.ErrMisconfigured, calls.ErrMisconfigured},
		{"no such endpoint", notSeen, asJSON, 404, calls.ErrMisconfigured, calls.ErrMisconfigured, calls.ErrMisconfigured},
		{"too many requests", "", "", 429, calls.ErrUnavailable, calls.ErrUnavailable, calls.ErrUnavailable},
		{"under repair", succeeded, asJSON, 503, calls.ErrUnavailable, calls.ErrUnavailable, calls.ErrUnavailable},
		{"not implemented", "", "", 501, errUnknown, errUnknown, calls.ErrNoFence},
		{"a proxy's conflict", "<html>", "text/html", 409, errUnknown, errUnknown, errUnknown},
		{"a firewall's refusal", `{"code":"blocked","message":"No"}`, asJSON, 422, errUnknown, errUnknown, errUnknown},
		{"a redirect", succeeded, asJSON, 307, errUnknown, errUnknown, errUnknown},
		{"a bad request", refused, asJSON, 400, errUnknown, errUnknown, errUnknown},
		{"a failure", succeeded, asJSON, 500, errUnknown, errUnknown, errUnknown},
		{"a bad gateway", "", "", 502, errUnknown, errUnknown, errUnknown},
		{"no body", "", asJSON, 200, errUnknown, errUnknown, errUnknown},
		{"null", "null", asJSON, 200, errUnknown, errUnknown, errUnknown},
		{"half a body", succeeded[:20], asJSON, 200, errUnknown, errUnknown, errUnknown},
		{"two bodies", succeeded + succeeded, asJSON, 200, errUnknown, errUnknown, errUnknown},
		{"text", succeeded, "text/plain", 200, errUnknown, errUnknown, errUnknown},
		{"no type", succeeded, "", 200, errUnknown, errUnknown, errUnknown},
		{"another key", strings.Replace(succeeded, "order", "other", 1), asJSON, 200, errUnknown, errUnknown, errUnknown},
		{"a refusal of another key", strings.Replace(refused, "order", "other", 1), asJSON, 402, errUnknown, errUnknown, errUnknown},
		{"no status", `{"key":"` + key + `"}`, asJSON, 200, errUnknown, errUnknown, errUnknown},
	} {
		for verb, want := range map[webhook.Verb]error{webhook.Do: row.do, webhook.Find: row.find, webhook.Cancel: row.cancel} {
			t.Run(row.name+", asked by "+string(verb), func(t *testing.T) {
				reply := webhook.Reply{Code: row.code, ContentType: row.contentType, Body: []byte(row.body)}
				status, err := reply.Read(webhook.Request{Verb: verb, Key: key}, &webhook.Outcome{})
				if got := meaning(err); !same(got, want) {
					t.Errorf("concluded %v from %v (%s)", got, err, status)
				}
			})
		}
	}
}

func same(got, want error) bool {
	if refusal, ok := errors.AsType[*calls.Refusal](want); ok {
		other, refused := errors.AsType[*calls.Refusal](got)
		return refused && *other == *refusal
	}
	return errors.Is(got, want)
}

func TestARefusalIsCleanedBeforeAnybodySeesIt(t *testing.T) {
	long := strings.Repeat("é", 200)
	for _, row := range []struct{ name, code, message, wantCode, wantMessage string }{
		{"as it should be", "card_declined", "The card was declined", "card_declined", "The card was declined"},
		{"a code with capitals", "CardDeclined", "No", "refused", "No"},
		{"a code with lines", "a\\nb", "No", "refused", "No"},
		{"a long code", strings.Repeat("a", 65), "No", "refused", "No"},
		{"no code and no message", "", "", "refused", "The provider refused the request"},
		{
			"control characters", "no", `a\r\nb\u0000c\u001b[31md\u202ee\u200bf\t\t g\ud800`, "no",
			"a bc[31mdef g\ufffd",
		},
		{"a long message", "no", long, "no", strings.Repeat("é", 126) + "…"},
		{"the token", "no", "The token tok_123 is no good", "no", leftOut},
		{"the token in disguise", "no", `The token TOK\u200b_123 is no good`, "no", leftOut},
		{"the token as the code", "tok_123", "No", "refused", "No"},
		{"the token behind the cut", "no", long + "tok_123", "no", leftOut},
	} {
		t.Run(row.name, func(t *testing.T) {
			reply := webhook.Reply{Code: 402, ContentType: asJSON, Body: []byte(
				`{"key":"` + key + `","status":"refused","code":"` + row.code + `","message":"` + row.message + `"}`,
			)}
			_, err := reply.Read(webhook.Request{Verb: webhook.Do, Key: key, Secret: "tok_123"}, &webhook.Outcome{})
			refusal, ok := errors.AsType[*calls.Refusal](err)
			if !ok || refusal.Code != row.wantCode || refusal.Message != row.wantMessage {
				t.Errorf("refused with %#v", err)
			}
		})
	}
}

const leftOut = "The provider's message was left out, because it repeated a secret"
