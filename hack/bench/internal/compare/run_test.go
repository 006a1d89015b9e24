// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// workload records its turns and gives the rates, of which the first is the warm-up's.
func workload(name string, turns *[]string, rates ...int64) Workload {
	return Workload{Name: name, Open: func(context.Context, *lab.Lab) (Measure, error) {
		return func(context.Context, time.Duration) (measure.Result, error) {
			rate := rates[0]
			rates = rates[1:]
			*turns = append(*turns, name)
			return measure.Result{Operations: rate, Elapsed: time.Second}, nil
		}, nil
	}}
}

func run(t *testing.T, group Group, only string) (string, error) {
	t.Helper()
	room, err := lab.New("")
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Rounds: 3, Progress: io.Discard, Only: regexp.MustCompile(only)}
	report, err := Run(t.Context(), room, []Group{group}, options)
	if closeErr := room.Close(); closeErr != nil {
		t.Error(closeErr)
	}
	text := bytes.Buffer{}
	if err := report.Print(&text); err != nil {
		t.Error(err)
	}
	return text.String(), err
}

func TestRoundsTakeTurnsAndTheirRatiosCount(t *testing.T) {
	turns := []string{}
	text, err := run(t, Group{
		Workloads: []Workload{
			workload("a", &turns, 1, 90, 50, 4_000), workload("b", &turns, 1, 100, 100, 4_000),
		},
		Rows: []Row{
			{Name: "reached", Ours: Rate("a"), Limit: Rate("b"), Target: AtLeast(0.9)},
			{Name: "missed", Ours: Rate("a"), Limit: Rate("b"), Target: AtLeast(0.91)},
		},
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	if want := slices.Repeat([]string{"a", "b", "b", "a"}, 2); !slices.Equal(turns, want) {
		t.Errorf("turns: got %v, want %v", turns, want)
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }), " ")
	for _, want := range []string{
		"reached 90.0/s 100/s 0.9x 0.5x to 1x >= 0.9x ok\n", "missed 90.0/s 100/s 0.9x 0.5x to 1x >= 0.91x short\n",
		"2 rows: 1 ok, 1 short (which is no error: the exit code is 0), 0 groups skipped\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
}

func TestTheTablesTellWhatAnOperationUses(t *testing.T) {
	commits := []float64{0, 60, 70, 80}
	counted := Workload{Name: "a", Open: func(context.Context, *lab.Lab) (Measure, error) {
		return func(context.Context, time.Duration) (measure.Result, error) {
			result := measure.Result{Operations: 10, Elapsed: time.Second}
			result.Use("commits", commits[0])
			commits = commits[1:]
			return result, nil
		}, nil
	}}
	text, err := run(t, Group{
		Workloads: []Workload{counted},
		Rows:      []Row{{Name: "row", Ours: Each("a", "commits"), Limit: Amount(7), Target: AtMost(1)}},
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }), " ")
	for _, want := range []string{"used by each commits\na 7\n", "row 7 7 1x 0.857x to 1.14x <= 1x ok\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
}

func TestOnlyWhatIsWantedIsMeasured(t *testing.T) {
	turns := []string{}
	unwanted := Workload{Name: "c", Open: func(context.Context, *lab.Lab) (Measure, error) {
		return nil, errors.New("not wanted")
	}}
	_, err := run(t, Group{
		Workloads: []Workload{workload("a", &turns, 1, 1, 1, 1), workload("b", &turns, 1, 1, 1, 1), unwanted},
		Beside:    []string{"b"},
		Rows: []Row{
			{Name: "wanted", Ours: Rate("a"), Limit: Constant(time.Second), Target: AtMost(1)},
			{Name: "other", Ours: Rate("c"), Limit: Rate("a"), Target: AtMost(1)},
		},
	}, "^wanted$")
	if err != nil {
		t.Error(err)
	}
	if len(turns) != 8 {
		t.Errorf("turns: %v", turns)
	}
}

func TestWithoutAServerTheGroupIsSkipped(t *testing.T) {
	text, err := run(t, Group{
		Name:      "group",
		Workloads: []Workload{{Name: "a", Open: func(context.Context, *lab.Lab) (Measure, error) { return nil, lab.ErrNoServer }}},
		Rows:      []Row{{Name: "row", Ours: Rate("a"), Limit: Rate("a"), Target: AtLeast(1)}},
	}, "")
	if err != nil || !strings.Contains(text, "skipped: group: ") {
		t.Errorf("got %v and\n%s", err, text)
	}
}

func TestFiguresAreReadable(t *testing.T) {
	for got, want := range map[string]string{
		formatRate(12.34): "12.3/s", formatRate(1_234_567): "1,234,567/s", formatRate(999): "999/s",
		formatSeconds(0): "-", formatSeconds(1.5e-6): "1.5µs", formatSeconds(0.0123456): "12.3ms",
		formatSeconds(1.23456): "1.23s", formatRatio(0.00987): "0.00987x", formatRatio(1.234): "1.23x",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
