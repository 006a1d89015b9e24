// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
)

// ErrNotEmpty says that the target of a Copy has events.
var ErrNotEmpty = errors.New("the target of the copy is not empty")

// Copy appends all events of one store, up to its head of now, to another one of any kind, which must be empty and
// which nobody else may write to. Positions, versions, ids, times, metadata and data stay what they are, and commands
// stay known by their ids where both stores keep them; read models begin anew. The source may be written to: what it
// appends meanwhile is left out. Afterwards both are compared event by event, and the target is checked.
//
// A target that was created with the source's StoreID is the same history: a backup, or a restored one. It gets the
// source's epoch, and serves the same cluster. Any other target has an identity of its own, and serves nobody yet.
//
// It returns the target's Report, and ErrNotEmpty; ErrDiffers if anything could not be kept, as positions with gaps;
// ErrTooLarge for an event, or a command with an id, above the target's Limits; or what reading or appending failed
// with. After an error the target is of no use.
func Copy(ctx context.Context, from, to eventcore.Store, options Options) (Report, error) {
	c, err := newCopier(ctx, from, to, options)
	if err != nil {
		return Report{}, fmt.Errorf("copy: %w", err)
	}
	for _, step := range []func(context.Context) error{c.copyEvents, c.compareAll, c.copyIdentity} {
		if err := step(ctx); err != nil {
			return Report{}, fmt.Errorf("copy: %w", err)
		}
	}
	report, err := Check(ctx, to, options)
	if err != nil {
		return report, fmt.Errorf("copy: %w", err)
	}
	return report, report.Err()
}

// copyEventsAtOnce bounds an append, besides the target's limits.
const copyEventsAtOnce = 1_000

type copier struct {
	from, to eventcore.Store
	// source and target are the stores if both record commands.
	source, target eventcore.CommandStore
	head           eventcore.Position
	limits         eventcore.Limits
	options        Options
	identity       eventcore.Identity // the source's
	// looked is the command id of the event before, which need not be looked for again.
	looked string

	// last is the position of the last event appended.
	last eventcore.Position
	// pending is the next append, and group what must be in one append with the event before: a command's events.
	pending, group part
	groupEnds      eventcore.Position
}

func newCopier(ctx context.Context, from, to eventcore.Store, options Options) (*copier, error) {
	identity := from.Identity() // before the head: one of a newer epoch must not be taken for the head's
	head, err := from.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the head: %w", err)
	}
	start, err := to.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the target's head: %w", err)
	}
	if start != 0 {
		return nil, fmt.Errorf("%w: its head is at %d", ErrNotEmpty, start)
	}
	c := &copier{
		from: from, to: to, head: head, limits: to.Limits(), options: options.withDefaults(), identity: identity,
	}
	c.source, _ = from.(eventcore.CommandStore)
	c.target, _ = to.(eventcore.CommandStore)
	return c, nil
}

// part is some events with the commands that they are of.
type part struct {
	events             []eventcore.Event
	commands           []eventcore.CommandEntry
	memberships, bytes int
}

func (p *part) add(other part) {
	for _, command := range other.commands {
		command.From += len(p.events)
		command.To += len(p.events)
		p.commands = append(p.commands, command)
	}
	p.events = append(p.events, other.events...)
	p.memberships += other.memberships
	p.bytes += other.bytes
}

func (c *copier) copyEvents(ctx context.Context) error {
	for event, err := range upTo(c.from.Read(ctx, eventcore.Query{}), c.head) {
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
		if err := c.take(ctx, event); err != nil {
			return err
		}
	}
	if len(c.group.events) > 0 {
		return fmt.Errorf("%w: the history ends within a command", ErrDiffers)
	}
	return c.flush(ctx)
}

// take adds an event to the group, and the group to the next append when it is complete.
func (c *copier) take(ctx context.Context, event eventcore.Event) error {
	command, known, err := c.command(ctx, &event)
	if err != nil {
		return err
	}
	if known {
		events := int(command.record.Last - command.record.First + 1) //nolint:gosec // it counts events.
		c.group.commands = append(c.group.commands, eventcore.CommandEntry{
			ID: command.id, Content: command.record.Content, From: 0, To: events,
		})
		c.groupEnds = command.record.Last
	}
	event.Payload = nil
	c.group.events = append(c.group.events, event)
	c.group.memberships += len(event.Streams)
	c.group.bytes += len(event.Data)
	if event.Position < c.groupEnds {
		return nil
	}
	if len(c.pending.events)+len(c.group.events) > copyEventsAtOnce ||
		c.pending.memberships+c.group.memberships > c.limits.Memberships ||
		c.pending.bytes+c.group.bytes > c.limits.Bytes {
		if err := c.flush(ctx); err != nil {
			return err
		}
	}
	c.pending.add(c.group)
	c.group = part{}
	return nil
}

type command struct {
	id     string
	record eventcore.CommandRecord
}

// command returns the command whose first event this is, if both stores record commands.
func (c *copier) command(ctx context.Context, event *eventcore.Event) (command, bool, error) {
	id, before := event.Metadata.CommandID, c.looked
	c.looked = id
	if id == "" || id == before || c.source == nil || c.target == nil {
		return command{}, false, nil
	}
	record, found, err := c.source.FindCommand(ctx, id)
	if err != nil {
		return command{}, false, fmt.Errorf("find command %s: %w", id, err)
	}
	return command{id: id, record: record}, found && record.First == event.Position, nil
}

// flush appends what is pending, and makes sure that it gets the positions that it had.
func (c *copier) flush(ctx context.Context) error {
	if len(c.pending.events) == 0 {
		return nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	appended, err := c.to.Append(ctx, eventcore.AppendRequest{
		ID: id, Head: c.last, Events: c.pending.events, Commands: c.pending.commands,
	})
	if err != nil {
		return fmt.Errorf("append after position %d: %w", c.last, err)
	}
	for i := range appended.Events {
		if err := difference(c.pending.events[i], appended.Events[i]); err != nil {
			return err
		}
	}
	c.last = appended.Events[len(appended.Events)-1].Position
	c.pending = part{}
	c.options.Progress("copy", int(c.last), int(c.head)) //nolint:gosec // they count events.
	return nil
}
