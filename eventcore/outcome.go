// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"errors"
	"fmt"
)

// errUnsettled says that nothing was written, because nobody knows yet what became of an earlier append.
var errUnsettled = errors.New("the outcome of an earlier append is still unknown")

// append writes to the store, and finds out what became of it where the store does not say. errStale says that
// nothing was written, and that the batch is to be decided again.
func (e *Executor) append(ctx context.Context, request AppendRequest) (Appended, error) {
	if err := e.settle(ctx); err != nil {
		return Appended{}, err
	}
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
		if !errors.Is(resolveErr, errors.ErrUnsupported) {
			e.unsettled = &request
		}
		return Appended{}, fmt.Errorf("%w; resolve it: %w", err, resolveErr)
	case !happened:
		return Appended{}, errStale
	}
	return appended, nil
}

// settle finds out what became of an append whose outcome could not be found out when it was made. As long as it may
// land, nothing else may be decided: a command that is given again, under its id, would be answered by what holds
// without that append, and then be appended all the same.
func (e *Executor) settle(ctx context.Context) error {
	if e.unsettled == nil {
		return nil
	}
	_, happened, err := e.store.(Resolver).Resolve(ctx, *e.unsettled)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnsettled, err)
	}
	e.unsettled = nil
	if happened {
		return errStale
	}
	return nil
}
