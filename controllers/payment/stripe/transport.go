// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe

import (
	"errors"
	"io"
	"net/http"
)

// maxReply is far above what Stripe answers: a hundred refunds take some 100 KiB.
const maxReply = 1 << 20

var (
	errRedirect = errors.New("redirects are not followed: Stripe makes none")
	errTooLong  = errors.New("the answer is too long to be Stripe's")
)

// guard bounds what is read of an answer, and keeps what stripe-go tells about its surroundings from being sent.
type guard struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Del("X-Stripe-Client-User-Agent")
	request.Header.Set("User-Agent", "eventcore-order-operator")
	response, err := g.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body = &boundedBody{ReadCloser: response.Body, left: maxReply}
	return response, nil
}

// CloseIdleConnections makes http.Client.CloseIdleConnections work.
func (g *guard) CloseIdleConnections() {
	if closer, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// boundedBody fails, instead of ending, where the bound is reached: half an answer must not be taken for one.
type boundedBody struct {
	io.ReadCloser

	left int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
