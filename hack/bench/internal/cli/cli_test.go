// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/hack/bench/internal/lab"
)

func TestExitCodes(t *testing.T) {
	for _, test := range []struct {
		arguments string
		err       error
		code      int
		output    string
		progress  string
	}{
		{arguments: "-help", output: "what it measures\n\nUsage of bench:\n"},
		{arguments: "-quick -only a|b", output: " cores"},
		{arguments: "", err: errors.New("broken"), code: 1, progress: "bench: broken\n"},
		{arguments: "-fast", code: 2, progress: "-help says more"},
		{arguments: "-only (", code: 2, progress: "missing closing )"},
		{arguments: "now", code: 2, progress: `unexpected argument "now"`},
		{arguments: "-postgres mysql://host", code: 1, progress: "postgres://user@host/database"},
	} {
		program := Program{Name: "bench", Help: "\nwhat it measures\n", Run: func(
			context.Context, *lab.Lab, Options, io.Writer, io.Writer,
		) error {
			return test.err
		}}
		var output, progress bytes.Buffer
		if code := program.Main(strings.Fields(test.arguments), &output, &progress); code != test.code {
			t.Errorf("%q: exit code %d, want %d", test.arguments, code, test.code)
		}
		if !strings.Contains(output.String(), test.output) || !strings.Contains(progress.String(), test.progress) {
			t.Errorf("%q: got\n%s\nand\n%s", test.arguments, &output, &progress)
		}
	}
}
