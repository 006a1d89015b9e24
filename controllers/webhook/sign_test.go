// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/webhook"
)

var now = time.Date(2026, time.February, 3, 4, 5, 6, 0, time.UTC)

func TestASignatureCoversAllOfARequest(t *testing.T) {
	secret := []byte("0123456789abcdef")
	message := webhook.Message{Method: "POST", Target: "/v1/payments?a=b", Key: "store/shop/order/1", Body: []byte(`{"a":1}`)}
	header := func() http.Header {
		return http.Header{
			"Eventcore-Timestamp": {"1770091506"}, "Eventcore-Signature": {webhook.Sign(secret, now, message)},
		}
	}
	for _, row := range []struct {
		name   string
		change func(http.Header, *webhook.Message)
		secret []byte
		at     time.Time
		want   error
	}{
		{name: "nothing changed"},
		{name: "at the end of the window", at: now.Add(webhook.Window)},
		{name: "at the beginning of the window", at: now.Add(-webhook.Window)},
		{name: "after the window", at: now.Add(webhook.Window + 1), want: webhook.ErrBadTimestamp},
		{name: "before the window", at: now.Add(-webhook.Window - 1), want: webhook.ErrBadTimestamp},
		{name: "another secret", secret: []byte("0123456789abcdeg"), want: webhook.ErrBadSignature},
		{
			name: "another time", want: webhook.ErrBadSignature,
			change: func(h http.Header, _ *webhook.Message) { h.Set(webhook.HeaderTimestamp, "1770091507") },
		},
		{
			name: "no time", want: webhook.ErrBadTimestamp,
			change: func(h http.Header, _ *webhook.Message) { h.Del(webhook.HeaderTimestamp) },
		},
		{
			name: "no signature", want: webhook.ErrBadSignature,
			change: func(h http.Header, _ *webhook.Message) { h.Del(webhook.HeaderSignature) },
		},
		{
			name: "signatures of versions to come beside it",
			change: func(h http.Header, _ *webhook.Message) {
				h.Set(webhook.HeaderSignature, "v2=beef, "+h.Get(webhook.HeaderSignature)+",v3=")
			},
		},
		{
			name: "another method", want: webhook.ErrBadSignature,
			change: func(_ http.Header, m *webhook.Message) { m.Method = "DELETE" },
		},
		{
			name: "another query", want: webhook.ErrBadSignature,
			change: func(_ http.Header, m *webhook.Message) { m.Target = "/v1/payments?a=c" },
		},
		{
			name: "another key", want: webhook.ErrBadSignature,
			change: func(_ http.Header, m *webhook.Message) { m.Key += "0" },
		},
		{
			name: "the key as a part of the body", want: webhook.ErrBadSignature,
			change: func(_ http.Header, m *webhook.Message) { m.Key, m.Body = "", append([]byte(m.Key+"\n"), m.Body...) },
		},
		{
			name: "another body", want: webhook.ErrBadSignature,
			change: func(_ http.Header, m *webhook.Message) { m.Body = []byte(`{"a":2}`) },
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			headers, got, at, with := header(), message, now, secret
			if row.change != nil {
				row.change(headers, &got)
			}
			if !row.at.IsZero() {
				at = row.at
			}
			if row.secret != nil {
				with = row.secret
			}
			if err := webhook.Verify(with, at, headers, got); !errors.Is(err, row.want) {
				t.Errorf("verified with %v", err)
			}
		})
	}
}

// TestTheSignatureStaysAsItIs holds providers that exist against changes: the value is what openssl computes.
func TestTheSignatureStaysAsItIs(t *testing.T) {
	const want = "v1=bd72fdda1b7b25c43e94bf018a29ebda750c23a4b2a369f306d3b752993275f2"
	got := webhook.Sign([]byte("a secret of thirty-two bytes or so"), now, webhook.Message{
		Method: "POST", Target: "/v1/payments", Key: "key", Body: []byte(`{"action":"charge"}`),
	})
	if got != want {
		t.Errorf("signed as %s", got)
	}
}
