// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package corebench

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

func at(rate int64) measure.Result { return measure.Result{Operations: rate, Elapsed: time.Second} }

func TestRowsAreComparedWithTheOriginalWhereItIsKnown(t *testing.T) {
	report := Report{rows: []row{
		{name: "contention", kind: lab.Memory, result: at(2_750)},
		{name: "contention", kind: lab.SQLite, result: at(104)},
		{name: "contention", kind: lab.Postgres, result: at(1_000)},
		{name: "execute, 100 events read", kind: lab.Memory, result: at(1_250)},
	}}
	text := bytes.Buffer{}
	if err := report.Print(&text); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"2x >= 1x ok", "0.5x >= 1x short", "yes", "8µs 0.01x"} {
		line := strings.Join(strings.Fields(strings.Split(text.String(), "\n")[i+1]), " ")
		if !strings.HasSuffix(line, want) {
			t.Errorf("want %q at the end of %q", want, line)
		}
	}
}

func TestAWrongResultIsAnErrorAndAFailureIsNot(t *testing.T) {
	wrong := errors.New("events in the store: 1, not 2")
	report := Report{rows: []row{
		{name: "transfers", kind: lab.Memory, wrong: wrong},
		{name: "pool saturation", failure: errors.New("too late")},
	}}
	if err := report.wrong(); !errors.Is(err, wrong) {
		t.Errorf("got %v", err)
	}
	for i, want := range []string{"NO: events in the store: 1, not 2", "yes; a failure: too late"} {
		if cells := report.rows[i].cells(); !slices.Contains(cells, want) {
			t.Errorf("want %q in %q", want, cells)
		}
	}
	if err := (&Report{rows: report.rows[1:]}).wrong(); err != nil {
		t.Errorf("got %v", err)
	}
}

// A scenario that is renamed would lose its comparison without a sound.
func TestEveryOriginalHasAScenario(t *testing.T) {
	full := Settings{Tasks: 2, Length: time.Millisecond, Accounts: 2, Histories: []int{0, 100, 1_000, 10_000}}
	room, err := lab.New("")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := room.Close(); err != nil {
			t.Error(err)
		}
	}()
	names := map[string]bool{}
	for _, s := range scenarios(full) {
		if !slices.Contains(s.kinds, lab.Memory) {
			continue
		}
		rows, err := s.on(t.Context(), room, lab.Memory, full)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range rows {
			names[found.name] = true
			if found.wrong != nil {
				t.Errorf("%s: %v", found.name, found.wrong)
			}
		}
	}
	for kind, list := range originals {
		for name := range list {
			if !names[name] {
				t.Errorf("%s %s: there is no such row", kind, name)
			}
		}
	}
}

func TestSettingsThatCannotBeMeasuredAreRefused(t *testing.T) {
	good := Settings{Tasks: 1, Accounts: 2, Length: 1}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for _, bad := range []Settings{{Accounts: 2, Length: 1}, {Tasks: 1, Accounts: 1, Length: 1}, {Tasks: 1, Accounts: 2}} {
		if bad.Check() == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}
