// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/url"
	"syscall"

	"github.com/eventcore/order-operator/controllers/calls"
)

var (
	errNoReply = errors.New("the connection broke before the reply came")
	errOdd     = errors.New("what came is not HTTP, or exceeds its bounds")
)

// plain are the causes that are repeated as they are. The texts of others may quote what the other side sent.
var plain = []error{
	context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF, io.EOF,
	syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE,
}

// broken returns the error of an exchange without a reply. Nothing was sent without a connection, and anything may have
// been on one.
func broken(connected bool, err error, secret string) error {
	if failure, ok := errors.AsType[*url.Error](err); ok {
		err = failure.Err
	}
	for _, cause := range plain {
		if errors.Is(err, cause) {
			return classify(connected, err, cause)
		}
	}
	if connected {
		return fmt.Errorf("%w: %w", errNoReply, errOdd)
	}
	return classify(connected, err, errors.New(clean(err.Error(), secret)))
}

func classify(connected bool, err, cause error) error {
	if connected {
		return fmt.Errorf("%w: %w", errNoReply, cause)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Errorf("%w: its certificate is not trusted: %w", calls.ErrMisconfigured, cause)
	}
	return fmt.Errorf("%w: %w", calls.ErrUnavailable, cause)
}
