// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package golden_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/golden"
)

type (
	nameV1 struct {
		Name string `json:"name"`
	}
	named struct {
		Given  string `json:"given"`
		Family string `json:"family,omitempty"`
	}
	misspelt struct {
		Name string `json:"nam"`
	}
)

func split(old nameV1) (named, error) {
	given, family, _ := strings.Cut(old.Name, " ")
	return named{Given: given, Family: family}, nil
}

// recorder takes the failures of a test.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func fails(t *testing.T, logs golden.Logs, says ...string) {
	t.Helper()
	r := &recorder{TB: t}
	golden.Test(r, logs)
	if len(r.failures) != len(says) {
		t.Fatalf("failed with %q, want %q", r.failures, says)
	}
	for i := range says {
		if !strings.Contains(r.failures[i], says[i]) {
			t.Errorf("failed with %q, want something about %q", r.failures[i], says[i])
		}
	}
}

func TestLogsAreWrittenOnceAndReadForever(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "golden")
	first := eventcore.NewRegistry(eventcore.Type[nameV1]("Named", 1))
	samples := []any{nameV1{Name: "Ada Lovelace"}, nameV1{Name: "Ada <&>"}}
	logs := golden.Logs{Dir: dir, Registry: first, Samples: samples}
	fails(t, logs, "no log holds Named version 1 as it is written", "no log holds", "add a sample")
	logs.Write = true
	fails(t, logs)
	logs.Write = false
	fails(t, logs)

	second := eventcore.NewRegistry(eventcore.Upcast("Named", 1, split), eventcore.Type[named]("Named", 2))
	logs = golden.Logs{Dir: dir, Registry: second, Samples: []any{named{Given: "Ben"}}}
	fails(t, logs, "no log holds Named version 2 as", "add a sample", `is read as Named version 2 {"given":"Ada","family":"Lovelace"}`, "Ada")
	before, err := os.ReadFile(filepath.Join(dir, "v1.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	logs.Write = true
	fails(t, logs)
	logs.Write = false
	fails(t, logs)
	after, err := os.ReadFile(filepath.Join(dir, "v1.jsonl"))
	if err != nil || string(after) != string(before) {
		t.Errorf("the first log became %s, %v", after, err)
	}
	const want = `{"type":"Named","version":2,"data":{"given":"Ada","family":"Lovelace"}}`
	today, err := os.ReadFile(filepath.Join(dir, "v1.today.jsonl"))
	if line, _, _ := strings.Cut(string(today), "\n"); line != want || err != nil {
		t.Errorf("the first log is read as %s, %v", today, err)
	}
}

func TestALogThatIsReadWrongly(t *testing.T) {
	dir := t.TempDir()
	registry := eventcore.NewRegistry(eventcore.Type[nameV1]("Named", 1))
	golden.Test(t, golden.Logs{Dir: dir, Registry: registry, Samples: []any{nameV1{Name: "Ada"}}, Write: true})
	lost := eventcore.NewRegistry(eventcore.Type[misspelt]("Named", 1))
	fails(t, golden.Logs{Dir: dir, Registry: lost}, `is read as Named version 1 {"nam":""}, and was read as`)
	fails(t, golden.Logs{Dir: dir, Registry: eventcore.NewRegistry()}, "unknown event type: Named version 1")
	if err := os.Remove(filepath.Join(dir, "v1.today.jsonl")); err != nil {
		t.Fatal(err)
	}
	fails(t, golden.Logs{Dir: dir, Registry: registry}, "does not go with its log")
}
