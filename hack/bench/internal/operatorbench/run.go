// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operatorbench

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// Settings are how much is measured.
type Settings struct {
	// Rounds is how often, besides the one that warms up.
	Rounds int
	// Burst is how many orders are created as fast as possible.
	Burst int
	// Length is how long orders are created at a steady rate.
	Length time.Duration
	// Little and Much are how many orders of history there are.
	Little, Much int
	// Cached is how many orders there are when the memory is measured.
	Cached int
	// Profiles is a folder for profiles of the manager; empty for none.
	Profiles string
}

// rate is how many orders are created in a second in the open loop.
const rate = 30

// Run starts a control plane and compares the operators on it. It prints a report for each kind of load.
func Run(ctx context.Context, room *lab.Lab, settings Settings, options compare.Options, output io.Writer) (err error) {
	ctrl.SetLogger(logr.Discard())
	status, err := finalStatus(ctx)
	if err != nil {
		return err
	}
	p, err := startPlant(ctx, options.Progress)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	p.profiles = settings.Profiles
	b := &bench{
		plant: p, settings: settings, null: null{status: status},
		little: &ours{name: "little", history: settings.Little}, much: &ours{name: "much", history: settings.Much},
	}
	empty := true
	for _, part := range b.parts() {
		options.Rounds, options.Cold = part.rounds, part.rounds == 1
		report, err := compare.Run(ctx, room, []compare.Group{part.Group}, options)
		if err := errors.Join(err, report.Print(output)); err != nil {
			return err
		}
		empty = empty && report.Empty()
	}
	if empty {
		return ErrNothing
	}
	return nil
}

// ErrNothing is what Run returns if no row is wanted.
var ErrNothing = errors.New("no name matches")

// bench is what is compared.
type bench struct {
	plant        *plant
	settings     Settings
	null         null
	little, much *ours
}

// part is a group with its own number of rounds.
type part struct {
	compare.Group

	rounds int
}

// workload has a contender carry out the load.
func (b *bench) workload(name string, c contender, load func(length time.Duration) load) compare.Workload {
	return compare.Workload{Name: name, Open: func(ctx context.Context, _ *lab.Lab) (compare.Measure, error) {
		if o, ok := c.(*ours); ok {
			if err := o.prepare(ctx, b.plant); err != nil {
				return nil, err
			}
		}
		return func(ctx context.Context, length time.Duration) (measure.Result, error) {
			return b.plant.measure(ctx, c, load(length))
		}, nil
	}}
}
