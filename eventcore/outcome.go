// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"errors"
	"fmt"
)

// append writes to the store, and finds out what became of it where the store does not say. errStale says that
// nothing was written, and that the batch is to be decided again.
func (e *Executor) append(ctx context.Context, request AppendRequest) (Appended, error) {
	appended, err := e.store.Append(ctx, request)
	if !errors.Is(err, ErrOutcomeUnknown) {
		return appended, err
	}
	if len(request.Events) == 0 {
		return Appended{}, errStale // only reads were to be validated, and they can be again
	}
	resolver, ok := e.store.(Resolver)
	if !ok {
		return Appended{}, err
	}
	appended, happened, resolveErr := resolver.Resolve(ctx, request)
	switch {
	case resolveErr != nil:
		return Appended{}, fmt.Errorf("%w; resolve it: %w", err, resolveErr)
	case !happened:
		return Appended{}, errStale
	}
	return appended, nil
}
