// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"errors"

	"github.com/eventcore/order-operator/eventcore"
)

// Project brings the read model of that name, the balance of every account, up to date. It returns how many events it
// has applied.
func Project(ctx context.Context, store eventcore.Store, name string) (applied int64, err error) {
	balances := eventcore.Projection{Name: name, Apply: func(documents *eventcore.Documents, event *eventcore.Event) error {
		applied++
		for _, m := range event.Streams {
			balance := int64(0)
			_, err := documents.Get(string(m.Stream), &balance)
			balance += Change(m.Stream, event)
			if err := errors.Join(err, documents.Put(string(m.Stream), balance)); err != nil {
				return err
			}
		}
		return nil
	}}
	projector, err := eventcore.NewProjector(ctx, store, Registry(), balances, eventcore.ProjectorOptions{})
	if err != nil {
		return 0, err
	}
	err = projector.CatchUp(ctx)
	return applied, err
}
