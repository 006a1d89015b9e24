// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/inspect"
	"github.com/eventcore/order-operator/eventcore/open"
)

// tellEvery is how often long work says how far it is.
const tellEvery = time.Second

func backup(ctx context.Context, c *copying) error {
	file, named := target(c.to, time.Now())
	if c.keep > 0 && !named {
		return fmt.Errorf("--keep %d needs a folder: %s is none", c.keep, c.to)
	}
	report, err := open.Backup(ctx, c.store, file, c.inspection())
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(c.output, "Backed up to %s: %s. It is complete and sound.\n", file, summary(report))
	if c.keep == 0 {
		return nil
	}
	removed, err := keepLatest(c.to, c.keep)
	for _, old := range removed {
		_, _ = fmt.Fprintf(c.output, "Removed %s.\n", old)
	}
	return err
}

func restore(ctx context.Context, c *copying) error {
	if c.replace {
		aside, err := open.SetAside(c.store, time.Now().UTC().Format(".replaced-20060102T150405Z"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil {
			_, _ = fmt.Fprintf(c.output, "The store that was there is %s now.\n", aside)
		}
	}
	report, err := open.Restore(ctx, c.from, c.store, c.inspection())
	switch {
	case errors.Is(err, inspect.ErrNotEmpty):
		return fmt.Errorf("%w: only a new store can be filled, so that nothing is lost", err)
	case err != nil:
		return err
	}
	_, _ = fmt.Fprintf(c.output, "Restored from %s: %s. Every event is the same. Start the manager.\n", c.from, summary(report))
	return nil
}

func summary(report inspect.Report) string {
	return fmt.Sprintf("%d events in %d streams, up to position %d", report.Events, report.Streams, report.Head)
}

func check(ctx context.Context, c *copying) (err error) {
	store, err := open.Open(ctx, c.store, open.Options{Existing: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	report, err := inspect.Check(ctx, store, c.inspection())
	if err != nil {
		return err
	}
	for _, violation := range report.Violations {
		_, _ = fmt.Fprintf(c.output, "log: %v\n", violation)
	}
	violations, err := c.judge(ctx, store, report.Head)
	if err != nil {
		return err
	}
	for _, violation := range violations {
		_, _ = fmt.Fprintf(c.output, "rules: %s: %s: %s\n", violation.Subject(), violation.Rule, violation.Explanation)
	}
	if err := report.Err(); err != nil {
		return err
	}
	if n := len(violations); n > 0 {
		return fmt.Errorf("the log is whole, but %d times it breaks a rule", n)
	}
	_, _ = fmt.Fprintf(c.output, "Nothing is wrong: %s, held against %d rules.\n", summary(report), len(verify.Always()))
	return nil
}

// judge holds the events up to the head against the rules that hold at every moment.
func (c *copying) judge(ctx context.Context, store eventcore.Store, head eventcore.Position) ([]verify.Violation, error) {
	checker := verify.New(verify.Options{StoreID: store.Identity().StoreID.String()})
	registry, progress := saga.NewRegistry(), c.tell()
	for event, err := range store.Read(ctx, eventcore.Query{}) {
		if err == nil {
			err = registry.Decode(&event)
		}
		if err != nil {
			return nil, fmt.Errorf("read the events: %w", err)
		}
		if event.Position > head {
			break
		}
		checker.Apply(&event)
		progress("hold the events against the rules", int(event.Position), int(head)) //nolint:gosec // they count events.
	}
	return checker.Violations(), nil
}

// inspection reads everything that the program knows, and says how far it is.
func (c *copying) inspection() inspect.Options {
	return inspect.Options{Registry: saga.NewRegistry(), Progress: c.tell()}
}

// tell returns what says now and then how far the work is.
func (c *copying) tell() func(phase string, done, total int) {
	return progress(c.progress, time.Now)
}

func progress(output io.Writer, clock func() time.Time) func(phase string, done, total int) {
	last := clock()
	return func(phase string, done, total int) {
		now := clock()
		if now.Sub(last) < tellEvery {
			return
		}
		last = now
		_, _ = fmt.Fprintf(output, "%s: %d of %d\n", phase, done, total)
	}
}
