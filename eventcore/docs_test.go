// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"os"
	"strings"
	"testing"
)

func TestTheTutorialsCodeIsThatOfTheExamples(t *testing.T) {
	examples := unindented(t, "example_test.go") + unindented(t, "example_reading_test.go") +
		unindented(t, "inspect/example_test.go")
	tutorial := unindented(t, "../docs/eventcore.md")
	blocks := strings.Split(tutorial, "```go\n")[1:]
	if len(blocks) < 5 {
		t.Errorf("%d blocks of code, want some", len(blocks))
	}
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		if !strings.Contains(examples, code) {
			t.Errorf("no example holds this code:\n%s", code)
		}
	}
}

// unindented returns the file without white space at the beginnings of lines.
func unindented(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(content), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}
