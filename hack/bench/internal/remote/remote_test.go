// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package remote_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/measure"
	"github.com/eventcore/order-operator/hack/bench/internal/remote"
)

// task is what the other process is asked for.
type task struct{ Refuse bool }

// TestMain lets this binary be the other process.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "serve" {
		if err := remote.Serve(context.Background(), os.Stdin, os.Stdout, begin); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// begin works by telling what it was asked for.
func begin(_ context.Context, t task) (remote.Work, func() error, error) {
	if t.Refuse {
		return nil, nil, errors.New("refused")
	}
	work := func(_ context.Context, length time.Duration) (measure.Result, error) {
		done := measure.Result{Operations: 3, Elapsed: length}
		done.Latency.Record(length)
		done.Latency.Record(10 * length)
		done.Use("commits", 21)
		return done, nil
	}
	return work, func() error { return nil }, nil
}

func TestAnotherProcessTellsWhatItHasDone(t *testing.T) {
	process, err := remote.Start(t.Context(), task{}, os.Args[0], "serve")
	if err != nil {
		t.Fatal(err)
	}
	for _, length := range []time.Duration{time.Millisecond, time.Second} {
		done, err := process.Work(t.Context(), length)
		if err != nil {
			t.Fatal(err)
		}
		want, _, _ := begin(t.Context(), task{})
		wanted, _ := want(t.Context(), length)
		if got, want := fmt.Sprintf("%+v", done), fmt.Sprintf("%+v", wanted); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if err := process.Close(); err != nil {
		t.Error(err)
	}
}

func TestAProcessThatDoesNotBeginIsAnError(t *testing.T) {
	_, err := remote.Start(t.Context(), task{Refuse: true}, os.Args[0], "serve")
	if err == nil || !strings.Contains(err.Error(), "is not ready") {
		t.Errorf("got %v", err)
	}
}
