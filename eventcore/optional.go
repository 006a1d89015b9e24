// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import "context"

// Resolver is implemented by a Store that can find out what became of an append. An Executor asks it after
// ErrOutcomeUnknown; on a store without it that error goes to the callers.
type Resolver interface {
	// Resolve returns the result of an append that has happened, and true. Otherwise it raises a fence, so that the
	// append can never land although it may be on its way still: Append refuses it with ErrFenced from now on, and
	// Resolve returns false. The request is that of Append, unchanged. After an error it is still unknown what has
	// happened: ErrRolledBack if the store is behind the request's Head, which it must have reached once.
	Resolve(ctx context.Context, request AppendRequest) (Appended, bool, error)
}
