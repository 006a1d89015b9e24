// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/hack/bench/internal/storebench"
)

// TestMain lets this binary be the other processes, as the program's own is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == storebench.WriterArgument {
		os.Exit(writer())
	}
	os.Exit(m.Run())
}

// Some rows of each kind are measured in a few seconds: what they say is not looked at.
func TestQuick(t *testing.T) {
	rows := []string{
		"SQLite, 1 writer : 1 row a commit, indexed", "SQLite, 256 writers : 100 rows a commit, indexed",
		"PostgreSQL, transfers, 16 writers : 16 connections", "PostgreSQL, 256 writers : unnest 100, indexed",
		"PostgreSQL, 2 processes of 8 writers : 1 of 16", "SQLite, 20 tasks on one stream, p99 : p50",
		"SQLite, writers: 16, to subscriber p99 : commit p99", "SQLite, projection catch-up : raw read",
		"SQLite, command on 2,000 events : on an empty stream",
	}
	var output, progress bytes.Buffer
	only := "^(" + strings.Join(rows, "|") + ")$"
	if code := program.Main([]string{"-quick", "-only", only}, &output, &progress); code != 0 {
		t.Fatalf("exit code %d\n%s", code, &progress)
	}
	for _, row := range append(rows, "disk: fdatasync of 4 KiB more", "9 rows: ", " 0 groups skipped") {
		if !strings.Contains(output.String(), row) {
			t.Errorf("%q is missing in\n%s", row, &output)
		}
	}
}

func TestNothingToMeasureIsAnError(t *testing.T) {
	var output, progress bytes.Buffer
	if code := program.Main([]string{"-only", "no such row"}, &output, &progress); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(progress.String(), "no name matches -only") {
		t.Errorf("got %s", &progress)
	}
}
