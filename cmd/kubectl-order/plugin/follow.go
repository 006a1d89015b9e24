// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
)

const (
	// retries is how often in a row a connection may break before the plugin gives up, retryAfter how long it waits.
	retries    = 10
	retryAfter = time.Second
	// maxLine bounds a line: far above the largest event.
	maxLine = 4 << 20
)

// errEnded says that the order has ended: there is nothing more to follow.
var errEnded = errors.New("the order has ended")

// present follows the order from the position on until it has ended. A connection that breaks, an operator that restarts
// and a token that expires are no reason to stop.
func (p *plugin) present(ctx context.Context, h *historian, path string, from uint64, s *scroll) error {
	s.next = max(s.next, from)
	for broken := 0; ; {
		before := s.next
		err := p.followOnce(ctx, h, path, s)
		if errors.Is(err, errEnded) {
			return nil
		}
		if s.next != before {
			broken = 0
		}
		if broken++; ctx.Err() != nil || broken > retries || isFinal(err) {
			return err
		}
		if err != nil {
			_, _ = fmt.Fprintf(p.Streams.ErrOut, "The connection to the operator broke (%v): trying again\n", err)
			select {
			case <-time.After(retryAfter):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// isFinal reports whether asking again would get the same answer.
func isFinal(err error) bool {
	return errors.Is(err, errNoToken) || apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) ||
		apierrors.IsNotFound(err) || apierrors.IsBadRequest(err)
}

// followOnce follows over one connection. It returns nil if the operator has asked to be asked again.
func (p *plugin) followOnce(ctx context.Context, h *historian, path string, s *scroll) error {
	body, err := h.stream(ctx, path, query{"follow": "true", "from": strconv.FormatUint(s.next, 10)})
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var line historyv1.Line
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return fmt.Errorf("the operator's answer can't be read: is it as new as this plugin? %w", err)
		}
		if err := s.take(line); err != nil || line.End != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}

// take shows a line. It returns errEnded after the order's last one.
func (s *scroll) take(line historyv1.Line) error {
	switch {
	case line.Event != nil:
		if err := s.show(*line.Event); err != nil {
			return err
		}
		if s.ended {
			return errEnded
		}
	case line.End != nil:
		return endOf(*line.End)
	}
	return nil
}

// endOf returns nil if it is worth asking again at once.
func endOf(end historyv1.End) error {
	switch end.Reason {
	case historyv1.EndForbidden:
		return apierrors.NewForbidden(ordersHistory, "", errors.New(end.Message))
	case historyv1.EndFailed:
		return errors.New(end.Message)
	}
	return nil
}
