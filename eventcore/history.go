// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// CheckHistory compares the store with what somebody remembers of it. It returns ErrOtherStore when it is another one,
// and ErrRolledBack when it is behind: restored from an older backup, or failed over to a replica that lagged. In a newer epoch (Custodian.AcceptRollback) positions of older ones mean
// nothing. The zero Identity remembers nothing.
func CheckHistory(ctx context.Context, store Store, remembered Identity, seen Position) error {
	now := store.Identity()
	switch {
	case remembered == (Identity{}):
		return nil
	case now.StoreID != remembered.StoreID:
		return fmt.Errorf("%w: it is %s, not %s", ErrOtherStore, now.StoreID, remembered.StoreID)
	case now.Epoch < remembered.Epoch:
		return fmt.Errorf("%w: it is in epoch %d, and was in epoch %d", ErrRolledBack, now.Epoch, remembered.Epoch)
	case now.Epoch > remembered.Epoch:
		return nil
	}
	head, err := store.Head(ctx)
	if err != nil {
		return fmt.Errorf("read the store's head: %w", err)
	}
	if head < seen {
		return rolledBack(seen, head)
	}
	return nil
}

func rolledBack(seen, head Position) error {
	return fmt.Errorf("%w: position %d was seen, its head is %d", ErrRolledBack, seen, head)
}

// OtherClusterError says that the store serves another cluster.
type OtherClusterError struct {
	Serves, Asking string
}

// Error names both clusters.
func (e *OtherClusterError) Error() string {
	return fmt.Sprintf("the store serves cluster %q, not %q", e.Serves, e.Asking)
}

// halt makes everything fail with err from now on: what is in memory does not belong to the store's history any more.
func (e *Executor) halt(err error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.halted == nil {
		e.halted = err
	}
	return e.halted
}

// wentBack returns the conflict as a rollback if a stream is at a version before one that was committed.
func wentBack(err error) error {
	conflict, ok := errors.AsType[*ConflictError](err)
	if !ok {
		return nil
	}
	back := func(c Conflict) bool { return c.Actual < c.Expected }
	if !slices.ContainsFunc(conflict.Conflicts, back) {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrRolledBack, err)
}
