// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Some rows of each kind are measured in a few seconds: what they say is not looked at, but every order must end as it
// should.
func TestQuick(t *testing.T) {
	dbos := filepath.Join(t.TempDir(), "bench-saga-dbos")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", dbos, ".")
	build.Dir = filepath.Join("..", "..", "dbos")
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the program that runs DBOS: %v\n%s", err, out)
	}
	rows := []string{
		"SQLite, happy, 64 at once : DBOS at its default", "SQLite, happy, 64 at once : the floor",
		"SQLite, happy, 1 at once, p50", "SQLite, happy, 1 at once, p50 : DBOS at FULL",
		"SQLite, compensated, 64 at once : DBOS, a step for each item",
		"PostgreSQL, happy, 1 at once, p50 : DBOS", "PostgreSQL, compensated, 64 at once : the floor",
	}
	var output, progress bytes.Buffer
	only := "^(" + strings.Join(rows, "|") + ")$"
	if code := newProgram().Main([]string{"-quick", "-only", only, "-dbos", dbos}, &output, &progress); code != 0 {
		t.Fatalf("exit code %d\n%s", code, &progress)
	}
	wanted := append([]string{"commits", "ms CPU", "SQLite, happy, 1 at once: ours ", "7 rows: ", " 0 groups skipped"}, rows...)
	for _, want := range wanted {
		if !strings.Contains(output.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &output)
		}
	}
}

func TestAMissingDBOSIsAnErrorThatNamesTheRemedy(t *testing.T) {
	var output, progress bytes.Buffer
	arguments := []string{"-quick", "-only", "SQLite, happy, 1 at once, p50 : DBOS$", "-dbos", filepath.Join(t.TempDir(), "no")}
	if code := newProgram().Main(arguments, &output, &progress); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(progress.String(), "make bench-saga builds it") {
		t.Errorf("got %s", &progress)
	}
}
