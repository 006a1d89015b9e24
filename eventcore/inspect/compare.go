// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/eventcore/order-operator/eventcore"
)

// compareAll reads both stores side by side.
func (c *copier) compareAll(ctx context.Context) error {
	copied, stop := pull(c.to.Read(ctx, eventcore.Query{}))
	defer stop()
	c.looked = ""
	compared := 0
	for event, err := range upTo(c.from.Read(ctx, eventcore.Query{}), c.head) {
		if err != nil {
			return fmt.Errorf("read events again: %w", err)
		}
		copied.next()
		if copied.err != nil {
			return fmt.Errorf("read the copy: %w", copied.err)
		}
		if !copied.more {
			return fmt.Errorf("%w: the copy ends before position %d", ErrDiffers, event.Position)
		}
		if err := difference(event, copied.event); err != nil {
			return err
		}
		if err := c.compareCommand(ctx, &event); err != nil {
			return err
		}
		if compared++; compared%progressEvery == 0 {
			c.options.Progress("compare", compared, int(c.head)) //nolint:gosec // it counts events.
		}
	}
	copied.next()
	if copied.more {
		return fmt.Errorf("%w: position %d of the copy was not copied: somebody else writes to it",
			ErrDiffers, copied.event.Position)
	}
	return copied.err
}

func (c *copier) compareCommand(ctx context.Context, event *eventcore.Event) error {
	command, known, err := c.command(ctx, event)
	if err != nil || !known {
		return err
	}
	record, found, err := c.target.FindCommand(ctx, command.id)
	if err == nil && (!found || record != command.record) {
		err = fmt.Errorf("%w: command %s is recorded as %+v, and was as %+v", ErrDiffers, command.id, record, command.record)
	}
	return err
}

// difference returns an error that tells in what the copy differs, or nil.
func difference(event, copied eventcore.Event) error {
	what := ""
	switch {
	case event.Position != copied.Position:
		what = fmt.Sprintf("it has position %d; positions with gaps can't be kept", copied.Position)
	case !slices.Equal(event.Streams, copied.Streams):
		what = fmt.Sprintf("its streams are %v, and were %v", copied.Streams, event.Streams)
	case event.ID != copied.ID:
		what = fmt.Sprintf("its id is %v, and was %v", copied.ID, event.ID)
	case event.Type != copied.Type || event.SchemaVersion != copied.SchemaVersion:
		what = fmt.Sprintf("it is %s version %d, and was %s version %d",
			copied.Type, copied.SchemaVersion, event.Type, event.SchemaVersion)
	case !event.RecordedAt.Equal(copied.RecordedAt):
		what = fmt.Sprintf("it was recorded at %v, and was at %v", copied.RecordedAt, event.RecordedAt)
	case event.Metadata != copied.Metadata:
		what = fmt.Sprintf("its metadata are %+v, and were %+v", copied.Metadata, event.Metadata)
	case !bytes.Equal(event.Data, copied.Data):
		what = "its data are others"
	default:
		return nil
	}
	return fmt.Errorf("%w: event %d: %s", ErrDiffers, event.Position, what)
}
