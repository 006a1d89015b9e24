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
	"github.com/eventcore/order-operator/controllers/webhook"
)

// FuzzReply lets a carrier answer whatever it likes. Nothing but a success that repeats key and action counts as one,
// nothing but the documented codes as "nothing happened", and what the carrier says reaches an error short and clean.
func FuzzReply(f *testing.F) {
	const key = "store/shop/order/1/CreateShipment/1"
	const prefix = `{"key":"` + key + `",`
	f.Add(201, "application/json", prefix+`"status":"succeeded","action":"create","reference":"sh_1","trackingNumber":"T1"}`)
	f.Add(409, "application/json", prefix+`"status":"refused","code":"already_dispatched","message":"\r\n\u001b[31mgone"}`)
	f.Add(200, "application/json; charset=utf-8", prefix+`"status":"not_seen"}`)
	f.Add(501, "text/html", "<html>")
	f.Fuzz(func(t *testing.T, code int, contentType, body string) {
		reply := webhook.Reply{Code: code, ContentType: contentType, Body: []byte(body)}
		for _, verb := range []webhook.Verb{webhook.Do, webhook.Find} {
			var answer Reply
			status, err := reply.Read(webhook.Request{Verb: verb, Path: Path, Key: key}, &answer)
			done := false
			if err == nil {
				done, err = answer.check(Create, status)
			}
			switch {
			case err != nil:
				judge(t, err, verb, code)
			case answer.Key != key, code != http.StatusOK && code != http.StatusCreated:
				t.Errorf("%s: the code %d counts as %s", verb, code, status)
			case verb == webhook.Do && !done, done && !webhook.IsReference(answer.Reference):
				t.Errorf("%s: %+v counts as %t", verb, answer, done)
			}
		}
	})
}

func judge(t *testing.T, err error, verb webhook.Verb, code int) {
	t.Helper()
	if errors.Is(err, calls.ErrUnavailable) != (code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable) {
		t.Errorf("%s: the code %d gave %v", verb, code, err)
	}
	text := err.Error()
	if len(text) > 512 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		t.Errorf("%s: %q is long or unclean", verb, text)
	}
}
