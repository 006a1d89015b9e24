// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/controllers/history"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

var update = flag.Bool("update", false, "write testdata/sentences.txt")

// TestEveryEventOfTheGoldenLogHasASentence holds the sentences against those on file, for every type of event there is.
func TestEveryEventOfTheGoldenLogHasASentence(t *testing.T) {
	logs, err := filepath.Glob("../saga/testdata/golden/v*.jsonl")
	if err != nil || len(logs) == 0 {
		t.Fatalf("no golden logs (%v)", err)
	}
	var said strings.Builder
	for _, log := range logs {
		for _, event := range read(t, log) {
			sentence := history.Sentence(event)
			if sentence == "" || sentence == event.Type {
				t.Errorf("there is no sentence for %s", event.Type)
			}
			said.WriteString(event.Type + "\t" + sentence + "\n")
		}
	}
	const file = "testdata/sentences.txt"
	if *update {
		if err := os.WriteFile(file, []byte(said.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if said.String() != string(want) {
		t.Errorf("%s is not what is said (see -update):\n%s", file, said.String())
	}
}

func read(t *testing.T, log string) []*eventcore.Event {
	t.Helper()
	file, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	registry := saga.NewRegistry()
	var events []*eventcore.Event
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var line struct {
			Type          string          `json:"type"`
			SchemaVersion int             `json:"schemaVersion"`
			Data          json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		event := &eventcore.Event{Type: line.Type, SchemaVersion: line.SchemaVersion, Data: line.Data}
		if err := registry.Decode(event); err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	if err := lines.Err(); err != nil || len(events) == 0 {
		t.Fatalf("%s: %d events, %v", log, len(events), err)
	}
	return events
}

func TestWhatProvidersSayCanNotDisturbATerminal(t *testing.T) {
	event := &eventcore.Event{Type: "ShipmentFailed", Payload: saga.ShipmentFailed{Code: "x", Message: "no\x1b[2J\nway\u009b"}}
	if got, want := history.Sentence(event), "The carrier refused the shipment: no [2J way "; got != want {
		t.Errorf("said %q, wanted %q", got, want)
	}
}

// weighed is an event of a service that is none of ours.
type weighed struct{ Customer string }

func (weighed) StepChange() saga.StepChange {
	return saga.StepChange{Step: "Weigh", Result: saga.StepRefused, Message: "too heavy"}
}

func TestAnEventOfAForeignServiceSaysWhatItMeansForItsStep(t *testing.T) {
	event := &eventcore.Event{Type: "Weighed", Payload: weighed{}}
	if got := history.Sentence(event); got != "Weigh was refused: too heavy" {
		t.Errorf("said %q", got)
	}
	if got := history.Sentence(&eventcore.Event{Type: "FromTomorrow"}); got != "FromTomorrow" {
		t.Errorf("an event that nobody knows is called %q", got)
	}
}
