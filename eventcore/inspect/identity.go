// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"errors"
	"fmt"

	"github.com/eventcore/order-operator/eventcore"
)

// copyIdentity makes a target of the source's id the same history. The epoch comes last: until then whoever remembers a
// later one takes the target for rolled back.
func (c *copier) copyIdentity(ctx context.Context) error {
	if now := c.from.Identity(); now != c.identity {
		return fmt.Errorf("%w: the source is %+v now, and was %+v when the copying began", ErrDiffers, now, c.identity)
	}
	if c.to.Identity().StoreID != c.identity.StoreID {
		return nil
	}
	if err := c.copyCluster(ctx); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	for c.to.Identity().Epoch < c.identity.Epoch {
		custodian, ok := c.to.(eventcore.Custodian)
		if !ok {
			break
		}
		if _, err := custodian.AcceptRollback(ctx); err != nil {
			return fmt.Errorf("epoch: %w", err)
		}
	}
	if got := c.to.Identity(); got != c.identity {
		return fmt.Errorf("%w: the target's identity is %+v, and the source's %+v", ErrDiffers, got, c.identity)
	}
	return nil
}

// copyCluster binds the target to the cluster that the source serves. The one without a name is never recorded, so that
// binding it asks who is.
func (c *copier) copyCluster(ctx context.Context) error {
	source, ok := c.from.(eventcore.Custodian)
	if !ok {
		return nil
	}
	err := source.Bind(ctx, "")
	other, bound := errors.AsType[*eventcore.OtherClusterError](err)
	if !bound {
		return err
	}
	target, ok := c.to.(eventcore.Custodian)
	if !ok {
		return fmt.Errorf("%w: the target can't record that it serves %q", ErrDiffers, other.Serves)
	}
	return target.Bind(ctx, other.Serves)
}
