// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/hack/bench/internal/operatorbench"
)

// TestMain lets this binary be the null operator, as the program's own is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == operatorbench.NullArgument {
		os.Exit(null())
	}
	os.Exit(m.Run())
}

// Everything is measured for a moment: what it says is not looked at, but every order must complete, and cost one
// status write.
func TestQuick(t *testing.T) {
	profiles := t.TempDir()
	var output, progress bytes.Buffer
	if code := newProgram().Main([]string{"-quick", "-profiles", profiles}, &output, &progress); code != 0 {
		t.Fatalf("exit code %d\n%s", code, &progress)
	}
	for _, want := range []string{
		"burst of 30, orders/s : null operator", "30 orders/s, p50 : null operator", "30 orders/s, p99 : null operator",
		"30 orders cached, MiB of heap for 10,000", "burst of 30: ours, 100 orders of history", "status writes", "ms API server",
	} {
		if !strings.Contains(output.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &output)
		}
	}
	for kind, count := range map[string]int{"cpu": 4, "heap": 5} {
		files, err := filepath.Glob(filepath.Join(profiles, kind+"-*.pprof"))
		if err != nil || len(files) != count {
			t.Errorf("profiles of %s: %v (%v)", kind, files, err)
		}
	}
}

func TestWithoutAControlPlaneTheRemedyIsNamed(t *testing.T) {
	t.Setenv("KUBEBUILDER_ASSETS", "")
	var output, progress bytes.Buffer
	if code := newProgram().Main([]string{"-quick"}, &output, &progress); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(progress.String(), "make -s controlplane-path") {
		t.Errorf("got %s", &progress)
	}
}
