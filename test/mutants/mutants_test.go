// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package mutants

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/verify"
)

// full lets every mutant go through the whole crash matrix instead of the scenarios that are known to find it.
var full = flag.Bool("mutants.full", false, "run the whole crash matrix on every mutant")

// told is how a test tells of a violation.
var told = regexp.MustCompile(`_test\.go:\d+: ([A-Z][A-Za-z]+)(?: of (?:order|product) \S+)?: `)

func TestEveryMutantIsFoundByName(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range All {
		t.Run(m.Name, func(t *testing.T) {
			begin := time.Now()
			found := m.rules(t, root)
			t.Logf("found by %v in %s", found, time.Since(begin).Round(time.Second))
			if !slices.Contains(found, m.Rule) {
				t.Errorf("not found by %s", m.Rule)
			}
		})
	}
}

func TestTheManualListsEveryMutant(t *testing.T) {
	manual, err := os.ReadFile(filepath.Join("..", "..", "docs", "reliability.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range All {
		if row := fmt.Sprintf("| %s | %s |", m.Name, m.Rule); !strings.Contains(string(manual), row) {
			t.Errorf("docs/reliability.md does not have the row %s", row)
		}
	}
}

// rules runs the tests on the mutant and returns the rules that they found broken.
func (m Mutant) rules(t *testing.T, root string) []verify.Rule {
	t.Helper()
	folder := t.TempDir()
	replace, err := m.Apply(root, folder)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(path, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	tests, limit, room := m.Tests, "90s", "./controllers/runner"
	switch {
	case m.Operator:
		room = "./test/crash"
	case *full:
		limit, tests = "20m", tests+"|TestTheCrashMatrix|TestTwoProcesses|TestAnOrderThatIsCancelledWhile"
	}
	// As the manager is compiled, so that its packages are shared, and without what costs time in every mutant's build. It
	// tells at once what it finds (-v): a mutant may never come to an end.
	command := exec.CommandContext(t.Context(), "go", "test", "-trimpath", "-vet=off", "-ldflags=-w",
		"-overlay", path, "-count=1", "-v", "-timeout="+limit, "-run", tests, room)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	command.Dir = root
	output, err := command.CombinedOutput()
	if err == nil {
		t.Errorf("the tests passed:\n%s", output)
	}
	var found []verify.Rule
	for _, match := range told.FindAllSubmatch(output, -1) {
		if rule := verify.Rule(match[1]); slices.Contains(slices.Concat(verify.Always(), verify.AtRest()), rule) {
			found = append(found, rule)
		}
	}
	if len(found) == 0 {
		t.Errorf("the output tells of no rule:\n%.3000s", output)
	}
	slices.Sort(found)
	return slices.Compact(found)
}
