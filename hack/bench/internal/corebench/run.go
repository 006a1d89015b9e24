// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package corebench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"

	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
)

// scenario is what is done on a store.
type scenario struct {
	name string
	// kinds are the stores that it is for; none if it needs none, or opens its own.
	kinds []lab.Kind
	run   func(ctx context.Context, b *bench) error
}

// scenarios are those of EventCore's stress tool, and then those of its benchmarks.
func scenarios(settings Settings) []scenario {
	all := lab.Kinds()
	list := []scenario{
		{"contention", all, contention},
		{"throughput", all, throughput},
		{"transfers", all, transfers},
		{"projection", all, projection},
		{"pool saturation", nil, saturation},
		{"execute on empty streams", all, fresh},
		{"execute on two empty streams", all, transfer},
	}
	for _, events := range settings.Histories {
		list = append(list, scenario{"execute on " + compare.Count(events) + " events", all, historyOf(events)})
	}
	for _, size := range []int{1, 10, 100} {
		list = append(list, scenario{fmt.Sprintf("append %d", size), all, appendOf(size)})
	}
	for _, size := range []int{10, 100, 1_000} {
		list = append(list, scenario{"read a stream of " + compare.Count(size), all, readOf(size)})
	}
	return append(list, scenario{"encode and decode", nil, codec})
}

// Run runs the scenarios whose names match, all if only is nil. Those that need a PostgreSQL server are skipped if
// there is none.
func Run(
	ctx context.Context, room *lab.Lab, settings Settings, only *regexp.Regexp, progress io.Writer,
) (report Report, err error) {
	for _, s := range scenarios(settings) {
		if only != nil && !only.MatchString(s.name) {
			continue
		}
		kinds := s.kinds
		if len(kinds) == 0 {
			kinds = []lab.Kind{""}
		}
		for _, kind := range kinds {
			_, _ = fmt.Fprintln(progress, s.name, kind) // nobody is told if the terminal has gone
			rows, err := s.on(ctx, room, kind, settings)
			if errors.Is(err, lab.ErrNoServer) {
				report.skipped = append(report.skipped, fmt.Sprintf("%s %s: %v", s.name, kind, err))
				continue
			}
			if err != nil {
				return report, fmt.Errorf("%s %s: %w", s.name, kind, err)
			}
			report.rows = append(report.rows, rows...)
		}
	}
	return report, report.wrong()
}

func (s scenario) on(ctx context.Context, room *lab.Lab, kind lab.Kind, settings Settings) (_ []row, err error) {
	defer func() { err = errors.Join(err, room.Clear()) }()
	b := &bench{Settings: settings, room: room, kind: kind}
	if kind != "" {
		if b.store, err = room.Store(ctx, kind); err != nil {
			return nil, err
		}
	}
	runtime.GC() // what the last scenario left behind is not this one's to clear away
	err = s.run(ctx, b)
	return b.rows, err
}
