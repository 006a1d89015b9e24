// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/controllers/saga"
)

const manual = "../../docs/saga.md"

func readManual(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestEveryRowOfTheManualsFailureTableIsAScenarioWithThatEnd(t *testing.T) {
	_, section, _ := strings.Cut(readManual(t), "\n## What happens when\n")
	section, _, _ = strings.Cut(section, "\n## ")
	row := regexp.MustCompile("(?m)^\\| (.+) \\| (.+) \\| (.+) \\| (.+) \\| `(.+)` \\|$")
	rows := row.FindAllStringSubmatch(section, -1)
	if len(rows) < 40 {
		t.Errorf("%s has %d rows about what happens when", manual, len(rows))
	}
	steps := map[string]bool{}
	for _, row := range rows {
		steps[row[1]] = true
		end, name := row[4], row[5]
		i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })
		if i < 0 {
			t.Errorf("%s: no scenario is called %q", manual, name)
			continue
		}
		if want := manualEnd(scenarios[i]); end != want {
			t.Errorf("%s: %q ends with %s, not with %s", manual, name, want, end)
		}
	}
	for _, step := range saga.CurrentFlow().Steps {
		outside := []string{step.Name, step.Compensation, step.Void}
		for _, name := range outside {
			if step.Outside && name != "" && !steps[name] {
				t.Errorf("%s has no row about %s", manual, name)
			}
		}
	}
}

func manualEnd(s scenario) string {
	switch {
	case s.attention != "":
		return "`NeedsAttention` `" + s.attention + "`"
	case s.outcome == saga.Completed:
		return "`Completed`"
	}
	return "`" + string(s.outcome) + "` `" + s.reason + "`"
}

func TestTheManualNamesOnlyTestsThatThereAre(t *testing.T) {
	var source strings.Builder
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(content)
	}
	names := regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(readManual(t), -1)
	if len(names) < 3 {
		t.Errorf("%s names %d tests", manual, len(names))
	}
	for _, name := range names {
		if !strings.Contains(source.String(), "func "+name[1]+"(t *testing.T)") {
			t.Errorf("%s names %s, which is not here", manual, name[1])
		}
	}
}

func TestTheManualShowsIdempotencyKeysAsTheyAre(t *testing.T) {
	const form = "{store id}/{namespace}/{name}/{attempt}/{step}[-undo]/{generation}"
	if !strings.Contains(readManual(t), "    "+form+"\n") {
		t.Errorf("%s does not show the form %s", manual, form)
	}
	key := regexp.MustCompile(`"%s/%s/%d/%s/%d", store, order, attempt, operation, generation\)`)
	source, err := os.ReadFile("../saga/history.go")
	if err != nil || !key.Match(source) {
		t.Errorf("keys are made otherwise than %s says (%v)", manual, err)
	}
}
