// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
)

func isBusy(err error) bool {
	return sqlite.ErrCode(err).ToPrimary() == sqlite.ResultBusy
}

// retryBusy tries again while another process holds the lock that try needs, until the timeout or the context ends.
// SQLite's own busy handler would not end with the context, and does not cover every case.
func retryBusy(ctx context.Context, timeout time.Duration, try func() error) error {
	delay := time.Millisecond
	for waited := time.Duration(0); ; waited += delay {
		err := try()
		if err == nil || !isBusy(err) {
			return err
		}
		if waited >= timeout {
			return fmt.Errorf("another process kept the database locked for %s, nothing was written: %w", waited, err)
		}
		delay = min(2*delay, 8*time.Millisecond, timeout-waited)
		if err := sleep(ctx, delay); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
