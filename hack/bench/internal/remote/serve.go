// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// Work works for about the time, and tells what was done.
type Work func(ctx context.Context, length time.Duration) (measure.Result, error)

// Serve begins the task that it reads, and works for as long as each order says, until there are no more orders. begin
// returns how to work, and how to end.
func Serve[Task any](
	ctx context.Context, input io.Reader, output io.Writer, begin func(context.Context, Task) (Work, func() error, error),
) (err error) {
	orders, reports := json.NewDecoder(input), json.NewEncoder(output)
	var task Task
	if err := orders.Decode(&task); err != nil {
		return err
	}
	work, end, err := begin(ctx, task)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	if err := reports.Encode(true); err != nil {
		return err
	}
	for {
		length := time.Duration(0)
		if err := orders.Decode(&length); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		done, err := work(ctx, length)
		if err != nil {
			return err
		}
		if err := reports.Encode(done); err != nil {
			return err
		}
	}
}
