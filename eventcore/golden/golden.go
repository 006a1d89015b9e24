// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package golden

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
)

// Logs are the golden logs of a program.
type Logs struct {
	// Dir is their folder, such as testdata/golden.
	Dir      string
	Registry *eventcore.Registry
	// Samples are payloads as the program writes them today: at least one of every type in the registry, better
	// several, with fields set and unset.
	Samples []any
	// Write adds what the logs lack instead of failing: a new log with the samples that are in none, and
	// vN.today.jsonl of all. It is for a flag of the test, never for CI.
	Write bool
}

// line is an event in a golden log.
type line struct {
	Type    string          `json:"type"`
	Version int             `json:"version"`
	Data    json.RawMessage `json:"data"`
}

// Test fails if an event of a log can't be read or is read otherwise than before, if a sample is written in a way
// that no log holds, and if a type of the registry is in no log.
func Test(tb testing.TB, logs Logs) {
	tb.Helper()
	written, err := logs.read()
	if err != nil {
		tb.Fatalf("golden: %v", err)
	}
	missing, err := logs.missing(slices.Concat(written...))
	if err != nil {
		tb.Fatalf("golden: %v", err)
	}
	if logs.Write && len(missing) > 0 {
		written = append(written, missing)
		if err := save(logs.path(len(written), ""), missing); err != nil {
			tb.Fatalf("golden: %v", err)
		}
		missing = nil
	}
	for _, l := range missing {
		tb.Errorf("golden: no log holds %s version %d as it is written today: %s; write a new log", l.Type, l.Version, l.Data)
	}
	all := slices.Concat(written...)
	for name, version := range logs.Registry.Types() {
		if !slices.ContainsFunc(all, func(l line) bool { return l.Type == name && l.Version == version }) {
			tb.Errorf("golden: no log holds %s version %d: add a sample and write a new log", name, version)
		}
	}
	for i, log := range written {
		logs.testLog(tb, i+1, log)
	}
}

// testLog compares what the log is read as with what it was read as before.
func (l Logs) testLog(tb testing.TB, number int, log []line) {
	tb.Helper()
	var today []line
	for i, stored := range log {
		event := eventcore.Event{
			Position: eventcore.Position(i + 1), Type: stored.Type, SchemaVersion: stored.Version, Data: stored.Data,
		}
		if err := l.Registry.Decode(&event); err != nil {
			tb.Errorf("golden: v%d.jsonl: %v", number, err)
			return
		}
		read, err := encode(l.Registry, event.Payload)
		if err != nil {
			tb.Errorf("golden: v%d.jsonl: event %d: %v", number, i+1, err)
			return
		}
		today = append(today, read)
	}
	path := l.path(number, ".today")
	if l.Write {
		if err := save(path, today); err != nil {
			tb.Errorf("golden: %v", err)
		}
		return
	}
	before, err := load(path)
	if err != nil || len(before) != len(log) {
		tb.Errorf("golden: %s does not go with its log (%v): write it anew", path, err)
		return
	}
	for i := range before {
		if !equal(before[i], today[i]) {
			tb.Errorf("golden: v%d.jsonl: event %d, %s version %d, is read as %s version %d %s, and was read as %s version %d %s; "+
				"if that is meant, write the logs and review the change", number, i+1, log[i].Type, log[i].Version,
				today[i].Type, today[i].Version, today[i].Data, before[i].Type, before[i].Version, before[i].Data)
		}
	}
}

// missing returns the samples that are in no log.
func (l Logs) missing(written []line) ([]line, error) {
	var missing []line
	for _, sample := range l.Samples {
		encoded, err := encode(l.Registry, sample)
		if err != nil {
			return nil, err
		}
		same := func(other line) bool { return equal(encoded, other) }
		if !slices.ContainsFunc(written, same) && !slices.ContainsFunc(missing, same) {
			missing = append(missing, encoded)
		}
	}
	return missing, nil
}

func (l Logs) path(number int, suffix string) string {
	return filepath.Join(l.Dir, fmt.Sprintf("v%d%s.jsonl", number, suffix))
}

// read returns the logs from v1 on, without the first that does not exist.
func (l Logs) read() ([][]line, error) {
	var logs [][]line
	for {
		log, err := load(l.path(len(logs)+1, ""))
		if os.IsNotExist(err) {
			return logs, nil
		}
		if err != nil {
			return nil, err
		}
		logs = append(logs, log)
	}
}

func encode(registry *eventcore.Registry, payload any) (line, error) {
	event, err := registry.Encode(payload)
	return line{Type: event.Type, Version: event.SchemaVersion, Data: event.Data}, err
}

func equal(a, b line) bool {
	return a.Type == b.Type && a.Version == b.Version && string(a.Data) == string(b.Data)
}
