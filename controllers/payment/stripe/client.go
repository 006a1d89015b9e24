// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"github.com/eventcore/order-operator/controllers/calls"
)

// Options configure a Provider.
type Options struct {
	// SecretKey returns the account's secret or restricted API key. It is called for every request, so that a new key
	// is used as soon as it is there.
	SecretKey func(ctx context.Context) (string, error)
	// URL is that of Stripe's API, without /v1; Stripe's own if empty.
	URL string
	// Timeout bounds each request; 20 seconds if zero. A call of the Provider makes at most four.
	Timeout time.Duration
}

const defaultTimeout = 20 * time.Second

// client makes requests to Stripe, and turns whatever goes wrong into a *fault.
type client struct {
	secretKey func(ctx context.Context) (string, error)
	backends  *stripego.Backends
}

func newClient(options Options) *client {
	if options.URL == "" {
		options.URL = stripego.APIURL
	}
	if options.Timeout == 0 {
		options.Timeout = defaultTimeout
	}
	return &client{
		secretKey: options.SecretKey,
		backends: stripego.NewBackendsWithConfig(&stripego.BackendConfig{
			URL:             new(options.URL),
			HTTPClient:      newHTTPClient(options.Timeout),
			EnableTelemetry: new(false),
			LeveledLogger:   &stripego.LeveledLogger{Level: stripego.LevelNull}, // it would log what Stripe says, word by word
			// The saga repeats what may be repeated. stripe-go would sleep between its tries without heeding the
			// context.
			MaxNetworkRetries: new(int64(0)),
		}),
	}
}

// api returns Stripe's API with the key of this moment.
func (c *client) api(ctx context.Context) (*stripego.Client, error) {
	key, err := c.secretKey(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: read Stripe's secret key: %w", calls.ErrUnavailable, err)
	}
	key = strings.TrimSpace(key)
	if err := CheckKey(key); err != nil {
		return nil, fmt.Errorf("%w: %w", calls.ErrMisconfigured, err)
	}
	return stripego.NewClient(key, stripego.WithBackends(c.backends)), nil
}

// CheckKey refuses what can't be a secret or restricted API key, but for blanks around it, without repeating it.
func CheckKey(key string) error {
	if !plausible(strings.TrimSpace(key)) {
		return errors.New("Stripe's secret key must begin with sk_ or rk_ and have neither blanks nor line breaks") //nolint:staticcheck // begins with a name
	}
	return nil
}

// plausible keeps publishable keys, other secrets, and what would not fit into a header from being sent.
func plausible(key string) bool {
	if !strings.HasPrefix(key, "sk_") && !strings.HasPrefix(key, "rk_") {
		return false
	}
	return !strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' })
}

// request makes a request. what names it in errors.
func (c *client) request(ctx context.Context, what string, ask func(context.Context, *stripego.Client) error) error {
	api, err := c.api(ctx)
	if err != nil {
		return err
	}
	// Without a connection nothing was sent, and nothing can have happened.
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	if err := ask(traced, api); err != nil {
		return newFault(ctx, what, err, connected.Load())
	}
	return nil
}

// intent makes a request that is answered with a PaymentIntent, the one of the id unless that is empty.
func (c *client) intent(
	ctx context.Context, what, id string, ask func(context.Context, *stripego.Client) (*stripego.PaymentIntent, error),
) (*stripego.PaymentIntent, error) {
	var intent *stripego.PaymentIntent
	err := c.request(ctx, what, func(ctx context.Context, api *stripego.Client) (err error) {
		intent, err = ask(ctx, api)
		return err
	})
	if err != nil {
		return nil, err
	}
	if intent.ID == "" || (id != "" && intent.ID != id) {
		return nil, &fault{what: what, sent: true, said: "the answer is about something else"}
	}
	return intent, nil
}

func newHTTPClient(timeout time.Duration) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // documented to be one
	transport.MaxIdleConnsPerHost = 32
	return &http.Client{
		Transport:     &guard{next: transport},
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
	}
}
