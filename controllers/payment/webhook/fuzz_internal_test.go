// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/webhook"
)

// FuzzReply lets a provider answer whatever it likes. Nothing but a success that repeats key, action and amount counts
// as one, nothing but the documented codes as "nothing happened", and what the provider says reaches an error short,
// clean and without the token.
func FuzzReply(f *testing.F) {
	asked := engine.Request{
		Action: engine.Charge, Key: "store/shop/order/1/ProcessPayment/1", Token: "tok_secret",
		Amount: saga.Money{Currency: "USD", Minor: 1000},
	}
	prefix := `{"key":"` + asked.Key + `",`
	f.Add(201, "application/json", prefix+`"status":"succeeded","action":"charge","reference":"ch_1","amount":{"currency":"USD","minor":1000}}`)
	f.Add(402, "application/json", prefix+`"status":"refused","code":"tok_secret","message":"\r\n\u001b[31mtok_secret"}`)
	f.Add(409, "application/json; charset=utf-8", prefix+`"status":"cancelled"}`)
	f.Add(501, "text/html", "<html>")
	f.Fuzz(func(t *testing.T, code int, contentType, body string) {
		reply := webhook.Reply{Code: code, ContentType: contentType, Body: []byte(body)}
		for _, question := range []webhook.Request{do(asked), about(asked, webhook.Find), about(asked, webhook.Cancel)} {
			question.Secret = asked.Token
			var answer Reply
			status, err := reply.Read(question, &answer)
			var movement *engine.Movement
			if err == nil && question.Verb != webhook.Cancel {
				movement, err = answer.movement(asked, status)
			}
			if err != nil {
				judge(t, err, question.Verb, code, asked.Token)
				continue
			}
			if answer.Key != asked.Key || code != http.StatusOK && code != http.StatusCreated {
				t.Errorf("%s: the code %d counts as %s", question.Verb, code, status)
			}
			if movement != nil && (movement.Amount != asked.Amount || !webhook.IsReference(movement.Reference)) {
				t.Errorf("%s: %+v was moved", question.Verb, movement)
			}
			if question.Verb == webhook.Do && movement == nil {
				t.Error("neither moved nor refused nor unknown")
			}
		}
	})
}

func judge(t *testing.T, err error, verb webhook.Verb, code int, token string) {
	t.Helper()
	if errors.Is(err, calls.ErrUnavailable) != (code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable) {
		t.Errorf("%s: the code %d gave %v", verb, code, err)
	}
	text := err.Error()
	if strings.Contains(strings.ToLower(text), token) {
		t.Errorf("%s: %q holds the token", verb, text)
	}
	if len(text) > 512 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		t.Errorf("%s: %q is long or unclean", verb, text)
	}
}
