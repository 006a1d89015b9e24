// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// Process is another process, which has called Serve.
type Process struct {
	orders  *json.Encoder
	reports *json.Decoder
	close   func() error
}

// Start returns when the program has begun the task. It ends when its input does, at the latest when this process dies.
func Start(ctx context.Context, task any, program string, arguments ...string) (*Process, error) {
	command := exec.CommandContext(ctx, program, arguments...) //nolint:gosec // the caller names it
	command.Stderr = os.Stderr
	input, inputErr := command.StdinPipe()
	output, outputErr := command.StdoutPipe()
	if err := errors.Join(inputErr, outputErr); err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &Process{
		orders: json.NewEncoder(input), reports: json.NewDecoder(bufio.NewReader(output)),
		close: func() error { return errors.Join(input.Close(), command.Wait()) },
	}
	ready := false
	if err := errors.Join(p.orders.Encode(task), p.reports.Decode(&ready)); err != nil {
		return nil, fmt.Errorf("%s is not ready: %w", program, errors.Join(err, p.close()))
	}
	return p, nil
}

// Work implements Work. It may be called once at a time.
func (p *Process) Work(_ context.Context, length time.Duration) (done measure.Result, err error) {
	err = errors.Join(p.orders.Encode(length), p.reports.Decode(&done))
	return done, err
}

// Close ends the process.
func (p *Process) Close() error { return p.close() }
