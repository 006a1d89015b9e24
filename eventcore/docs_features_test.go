// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"strings"
	"testing"
)

func TestTheManualsCodeIsThatOfTheExamples(t *testing.T) {
	for page, sources := range map[string][]string{
		"schema-evolution.md": {"example_evolution_test.go", "golden_test.go"},
		"projections.md":      {"example_reading_test.go", "example_projection_test.go", "lease/example_test.go"},
	} {
		var code strings.Builder
		for _, source := range sources {
			code.WriteString(unindented(t, source))
		}
		blocks := strings.Split(unindented(t, "../docs/"+page), "```go\n")[1:]
		if len(blocks) == 0 {
			t.Errorf("%s has no code", page)
		}
		for _, block := range blocks {
			block, _, _ := strings.Cut(block, "```")
			if !strings.Contains(code.String(), block) {
				t.Errorf("%s: no example holds this code:\n%s", page, block)
			}
		}
	}
}
