// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
)

// shortestCredential is the least that signs a request, in bytes.
const shortestCredential = 16

// Credentials reads the secret that signs requests. It is called for every request, so that a changed one takes effect
// at once.
type Credentials func(ctx context.Context) (secret []byte, err error)

// Options configure a Client.
type Options struct {
	// URL is where the paths of the contract begin, such as https://provider.example.com/orders. Required.
	URL string
	// Credentials reads the secret. Required.
	Credentials Credentials
	// CA holds the certificates of the authorities that are trusted, as PEM; the system's if empty.
	CA []byte
	// AllowHTTP allows plain HTTP to other machines, where nothing tells whose the replies are.
	AllowHTTP bool
	// Clock tells the time; time.Now if nil.
	Clock func() time.Time
}

// Client calls one provider. Its methods may be called concurrently.
type Client struct {
	options Options
	url     string
	http    *http.Client
	pause   pause
}

// New returns a client. It calls nobody yet.
func New(options Options) (*Client, error) {
	if options.Credentials == nil {
		return nil, errors.New("there are no credentials to sign requests with")
	}
	if options.Clock == nil {
		options.Clock = time.Now
	}
	base, err := parseURL(options.URL, options.AllowHTTP)
	if err != nil {
		return nil, err
	}
	transport, err := transport(options.CA)
	if err != nil {
		return nil, err
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{options: options, url: base, http: &http.Client{Transport: transport, CheckRedirect: stay}}, nil
}

// Close closes the connections that nobody uses.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Request is what a provider is asked.
type Request struct {
	Verb Verb
	// Path is the contract's, such as /v1/payments.
	Path string
	// Key is the idempotency key.
	Key string
	// Body is what Do asks for.
	Body any
	// Secret is what the body holds and nobody may be told: no error and no refusal repeats it.
	Secret string
}

// Ask sends the request, puts the reply into answer and returns its status. Its errors are those of Reply.Read;
// calls.ErrUnavailable if nothing was sent.
func (c *Client) Ask(ctx context.Context, request Request, answer Answer) (Status, error) {
	reply, err := c.exchange(ctx, request)
	if err != nil {
		return "", fmt.Errorf("%s %s%s: %w", request.Verb, c.url, request.Path, err)
	}
	status, err := reply.Read(request, answer)
	if refusal, ok := errors.AsType[*calls.Refusal](err); ok {
		return status, refusal
	}
	if err != nil {
		return "", fmt.Errorf("%s %s%s: %w", request.Verb, c.url, request.Path, err)
	}
	return status, nil
}

func (c *Client) exchange(ctx context.Context, request Request) (Reply, error) {
	if request.Key == "" {
		return Reply{}, fmt.Errorf("%w: the request has no idempotency key", calls.ErrMisconfigured)
	}
	if err := c.pause.check(c.options.Clock()); err != nil {
		return Reply{}, err
	}
	secret, err := c.secret(ctx)
	if err != nil {
		return Reply{}, err
	}
	prepared, err := c.prepare(ctx, request, secret)
	if err != nil {
		return Reply{}, err
	}
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	response, err := c.http.Do(prepared.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		return Reply{}, broken(connected.Load(), err, request.Secret)
	}
	defer func() { _ = response.Body.Close() }()
	c.pause.note(c.options.Clock(), response.StatusCode, response.Header)
	reply, err := read(response)
	reply.credential = string(secret)
	return reply, err
}

func (c *Client) secret(ctx context.Context) ([]byte, error) {
	secret, err := c.options.Credentials(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: read the credentials: %w", calls.ErrUnavailable, err)
	}
	if err := CheckSecret(secret); err != nil {
		return nil, fmt.Errorf("%w: %w", calls.ErrMisconfigured, err)
	}
	return secret, nil
}

// CheckSecret refuses a secret that is too short to sign requests with.
func CheckSecret(secret []byte) error {
	if len(secret) < shortestCredential {
		return fmt.Errorf("the secret that signs requests has %d bytes: it must have %d", len(secret), shortestCredential)
	}
	return nil
}

// prepare signs the request.
func (c *Client) prepare(ctx context.Context, request Request, secret []byte) (*http.Request, error) {
	var err error
	target, body := c.url+request.Path, []byte(nil)
	if request.Verb == Do {
		if body, err = json.Marshal(request.Body); err != nil {
			return nil, fmt.Errorf("%w: encode the request: %w", calls.ErrMisconfigured, err)
		}
	} else {
		target += "?" + url.Values{"key": {request.Key}}.Encode()
	}
	prepared, err := http.NewRequestWithContext(ctx, string(request.Verb), target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", calls.ErrMisconfigured, err)
	}
	c.sign(prepared, request, secret, body)
	return prepared, nil
}

func (c *Client) sign(prepared *http.Request, request Request, secret, body []byte) {
	message := Message{Method: prepared.Method, Target: prepared.URL.RequestURI(), Body: body}
	if request.Verb == Do {
		message.Key = request.Key
		// The header of this exact name makes net/http repeat the request on its own when a reply is lost. But every try
		// must be preceded by its intent.
		prepared.Header[strings.ToLower(HeaderKey)] = []string{request.Key}
		prepared.Header.Set("Content-Type", "application/json")
	}
	now := c.options.Clock()
	prepared.Header.Set("Accept", "application/json")
	prepared.Header.Set("User-Agent", "eventcore-order-operator")
	prepared.Header.Set(HeaderTimestamp, timestamp(now))
	prepared.Header.Set(HeaderSignature, Sign(secret, now, message))
}

// read reads no more than a reply may have.
func read(response *http.Response) (Reply, error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return Reply{}, broken(true, err, "")
	}
	if len(body) > maxBody {
		return Reply{}, fmt.Errorf("%w: it has more than %d bytes", ErrMalformed, maxBody)
	}
	return Reply{Code: response.StatusCode, ContentType: response.Header.Get("Content-Type"), Body: body}, nil
}
