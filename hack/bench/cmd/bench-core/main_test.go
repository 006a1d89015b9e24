// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
)

// Some scenarios are run in a few seconds, on all stores, and checked for their results, not for their figures.
func TestQuick(t *testing.T) {
	only := "^(contention|transfers|projection|pool saturation|execute on 100 events|append 10|read a stream of 10|" +
		"encode and decode|memory, command on a short stream, warm : Rust)$"
	var output, progress bytes.Buffer
	if code := newProgram().Main([]string{"-quick", "-only", only}, &output, &progress); code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, &output, &progress)
	}
	text := output.String()
	for _, want := range []string{
		"execute, 100 events of history", "decode an event", "pool saturation", "1 rows: ", " 0 groups skipped",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, "skipped: ") {
		t.Errorf("skipped in\n%s", text)
	}
}

func TestWhatCannotBeMeasuredIsAnError(t *testing.T) {
	var output, progress bytes.Buffer
	if code := newProgram().Main([]string{"-accounts", "1"}, &output, &progress); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(progress.String(), "a transfer needs two") {
		t.Errorf("got %s", &progress)
	}
}
