// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "the secret of these tests"

func options(url string) webhook.Options {
	return webhook.Options{
		URL: url, Credentials: func(context.Context) ([]byte, error) { return []byte(secret), nil },
	}
}

func client(t *testing.T, options webhook.Options) *webhook.Client {
	t.Helper()
	c, err := webhook.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// serve lets the handler answer, and counts the requests.
func serve(t *testing.T, handler http.HandlerFunc) (url string, requests *atomic.Int64) {
	t.Helper()
	requests = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

func ask(t *testing.T, c *webhook.Client) error {
	t.Helper()
	_, err := c.Ask(t.Context(), question(), &webhook.Outcome{})
	return err
}

func question() webhook.Request {
	return webhook.Request{Verb: webhook.Do, Path: "/v1/payments", Key: key, Body: map[string]string{"token": "tok_123"}, Secret: "tok_123"}
}

func succeed(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"key":"`+key+`","status":"succeeded"}`)
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	for url, want := range map[string]string{
		"":                                  "is not like",
		"provider.example.com":              "is not like",
		"https://":                          "is not like",
		"ftp://provider.example.com":        "must be https",
		"http://provider.example.com":       "plain http",
		"https://u:hunter2@example.com":     "a user or a password",
		"https://example.com?token=hunter2": "a query or a fragment",
		"https://example.com#hunter2":       "a query or a fragment",
		"https://hunter2%zz":                "is not like",
		"https://provider.example.com/a/":   "",
		"http://127.0.0.1:1/":               "",
		"http://[::1]:1":                    "",
		"http://localhost:1":                "",
	} {
		_, err := webhook.New(options(url))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", url, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s is repeated by %v", url, err)
		}
	}
	allowed := options("http://provider.example.com")
	allowed.AllowHTTP = true
	if _, err := webhook.New(allowed); err != nil {
		t.Errorf("plain HTTP that was allowed: %v", err)
	}
	without := options("https://provider.example.com")
	without.CA = []byte("no PEM")
	if _, err := webhook.New(without); err == nil {
		t.Error("a CA without a certificate was taken")
	}
	if _, err := webhook.New(webhook.Options{URL: "https://provider.example.com"}); err == nil {
		t.Error("no credentials were taken")
	}
}

func TestNothingWasSentWithoutAConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	trusting := httptest.NewTLSServer(http.HandlerFunc(succeed))
	defer trusting.Close()
	trusting.Config.ErrorLog = log.New(io.Discard, "", 0)
	for name, row := range map[string]struct {
		url  string
		want error
	}{
		"the connection is refused":      {closed, calls.ErrUnavailable},
		"the name is unknown":            {"https://provider.invalid", calls.ErrUnavailable},
		"the certificate is not trusted": {trusting.URL, calls.ErrMisconfigured},
		"it speaks TLS, unlike its URL":  {strings.Replace(trusting.URL, "https", "http", 1), errUnknown},
		"the context has ended already":  {closed, calls.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if strings.HasPrefix(name, "the context") {
				cancel()
			}
			_, err := client(t, options(row.url)).Ask(ctx, question(), &webhook.Outcome{})
			if !errors.Is(meaning(err), row.want) {
				t.Errorf("concluded %v from %v", meaning(err), err)
			}
		})
	}
}

func TestAnEndedContextIsTold(t *testing.T) {
	url, requests := serve(t, succeed)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := client(t, options(url)).Ask(ctx, question(), &webhook.Outcome{})
	if !errors.Is(err, context.Canceled) || !errors.Is(err, calls.ErrUnavailable) || requests.Load() != 0 {
		t.Errorf("%d requests, %v", requests.Load(), err)
	}
}

func TestATimeOutAfterTheRequestLeavesTheOutcomeOpen(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	url, _ := serve(t, func(http.ResponseWriter, *http.Request) { close(arrived); <-release })
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, err := client(t, options(url)).Ask(ctx, question(), &webhook.Outcome{})
	if !errors.Is(err, context.Canceled) || !errors.Is(meaning(err), errUnknown) {
		t.Errorf("concluded %v from %v", meaning(err), err)
	}
}

func TestRequestsAreSignedWithTheSecretOfTheMoment(t *testing.T) {
	current := []byte(secret)
	var verified []error
	url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		verified = append(verified, webhook.Verify(current, now, r.Header, webhook.Message{
			Method: r.Method, Target: r.URL.RequestURI(), Key: r.Header.Get(webhook.HeaderKey), Body: body,
		}))
		succeed(w, r)
	})
	configured := options(url + "/base/")
	configured.Clock = func() time.Time { return now }
	configured.Credentials = func(context.Context) ([]byte, error) { return current, nil }
	c := client(t, configured)
	for _, next := range []string{"the second secret of the tests", "the third secret of the tests"} {
		for _, verb := range []webhook.Verb{webhook.Do, webhook.Find, webhook.Cancel} {
			asked := question()
			asked.Verb = verb
			_, _ = c.Ask(t.Context(), asked, &webhook.Outcome{})
		}
		current = []byte(next)
	}
	if err := errors.Join(verified...); err != nil || len(verified) != 6 {
		t.Errorf("%d requests were verified: %v", len(verified), err)
	}
}

func TestNothingIsSentWithoutCredentials(t *testing.T) {
	url, requests := serve(t, succeed)
	for name, row := range map[string]struct {
		secret string
		err    error
		want   error
	}{
		"they can't be read":  {"", errors.New("the API server is down"), calls.ErrUnavailable},
		"the secret is empty": {"", nil, calls.ErrMisconfigured},
		"the secret is short": {"0123456789abcde", nil, calls.ErrMisconfigured},
	} {
		configured := options(url)
		configured.Credentials = func(context.Context) ([]byte, error) { return []byte(row.secret), row.err }
		err := ask(t, client(t, configured))
		if !errors.Is(err, row.want) || row.secret != "" && strings.Contains(err.Error(), row.secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if requests.Load() != 0 {
		t.Errorf("%d requests were sent", requests.Load())
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	elsewhere, followed := serve(t, succeed)
	for _, code := range []int{301, 302, 303, 307, 308} {
		url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere, code) })
		if err := ask(t, client(t, options(url))); !errors.Is(meaning(err), errUnknown) {
			t.Errorf("%d: %v", code, err)
		}
	}
	if followed.Load() != 0 {
		t.Errorf("%d requests followed", followed.Load())
	}
}

func TestRetryAfterIsRespectedUpToAMinute(t *testing.T) {
	for _, row := range []struct {
		name, header string
		code         int
		pause        time.Duration
	}{
		{"seconds", "7", 503, 7 * time.Second},
		{"seconds, after too many requests", "7", 429, 7 * time.Second},
		{"a date", now.Add(30 * time.Second).Format(http.TimeFormat), 503, 30 * time.Second},
		{"a day", "86400", 503, time.Minute},
		{"more than fits", "99999999999999999999", 503, 0},
		{"the past", now.Add(-time.Hour).Format(http.TimeFormat), 503, 0},
		{"nothing", "", 503, 0},
		{"nonsense", "soon", 503, 0},
		{"less than nothing", "-5", 503, 0},
		{"with another failure", "7", 500, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			url, requests := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", row.header)
				w.WriteHeader(row.code)
			})
			configured, clock := options(url), now
			configured.Clock = func() time.Time { return clock }
			c := client(t, configured)
			_ = ask(t, c)
			if row.pause > 0 {
				clock = now.Add(row.pause - time.Millisecond)
				if err := ask(t, c); !errors.Is(err, calls.ErrUnavailable) || requests.Load() != 1 {
					t.Errorf("%d requests in the pause, %v", requests.Load(), err)
				}
			}
			clock = now.Add(row.pause)
			_ = ask(t, c)
			if requests.Load() != 2 {
				t.Errorf("%d requests after the pause", requests.Load())
			}
		})
	}
}

// TestNoSecretIsInAnyErrorOrLog lets a provider that knows the secrets repeat them wherever it can.
func TestNoSecretIsInAnyErrorOrLog(t *testing.T) {
	var logged bytes.Buffer
	defer log.SetOutput(log.Writer())
	log.SetOutput(&logged)
	const both = "tok_123 " + secret
	raw := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}
	body := func(code int, contentType, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, text)
		}
	}
	for name, handler := range map[string]http.HandlerFunc{
		"no HTTP":       raw(both),
		"a status line": raw("HTTP/1.1 " + both + "\r\n\r\n"),
		"a header":      raw("HTTP/1.1 200 OK\r\n" + both + "\r\n\r\n"),
		"a length":      raw("HTTP/1.1 200 OK\r\nContent-Length: " + both + "\r\n\r\n"),
		"an encoding":   raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + both + "\r\n\r\n"),
		"a chunk":       raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + both),
		"a location": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+both, http.StatusTemporaryRedirect)
		},
		"a media type":      body(200, both, "{}"),
		"a body":            body(500, "text/plain", both),
		"broken JSON":       body(200, asJSON, both),
		"a field":           body(200, asJSON, `{"key":{"`+both+`":1}}`),
		"a key":             body(200, asJSON, `{"key":"`+both+`"}`),
		"a status":          body(200, asJSON, `{"key":"`+key+`","status":"`+both+`"}`),
		"a code":            body(402, asJSON, `{"key":"`+key+`","status":"refused","code":"tok_123"}`),
		"a message":         body(402, asJSON, `{"key":"`+key+`","status":"refused","message":"`+both+`"}`),
		"half of a message": body(402, asJSON, `{"key":"`+key+`","status":"refused","message":"`+secret+`"}`),
		"a Retry-After": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", both)
			w.WriteHeader(http.StatusServiceUnavailable)
		},
	} {
		t.Run(name, func(t *testing.T) {
			url, requests := serve(t, handler)
			err := ask(t, client(t, options(url)))
			if err == nil || requests.Load() == 0 {
				t.Fatalf("%d requests, %v", requests.Load(), err)
			}
			for e := range unwrapped(err) {
				noSecret(t, e.Error())
				noSecret(t, fmt.Sprintf("%#v", e))
			}
		})
	}
	noSecret(t, logged.String())
}

func noSecret(t *testing.T, text string) {
	t.Helper()
	for _, hidden := range []string{"tok_123", secret} {
		if strings.Contains(text, hidden) {
			t.Errorf("%q holds %q", text, hidden)
		}
	}
}

// unwrapped returns the error and all that it wraps.
func unwrapped(err error) func(yield func(error) bool) {
	return func(yield func(error) bool) {
		rest := []error{err}
		for len(rest) > 0 {
			next := rest[0]
			rest = rest[1:]
			if !yield(next) {
				return
			}
			switch wrapping := next.(type) { //nolint:errorlint // this is what walks the chain
			case interface{ Unwrap() error }:
				if inner := wrapping.Unwrap(); inner != nil {
					rest = append(rest, inner)
				}
			case interface{ Unwrap() []error }:
				rest = append(rest, wrapping.Unwrap()...)
			}
		}
	}
}
