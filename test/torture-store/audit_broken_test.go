// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package torturestore

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
)

// history returns the log of commands that two writers have executed alternately, and what they were told.
func history(t *testing.T, count int) ([]eventcore.Event, [][]eventcore.Position) {
	t.Helper()
	told := make([][]eventcore.Position, 2)
	versions := map[eventcore.StreamID]eventcore.Version{}
	values := [counters]int{}
	log := make([]eventcore.Event, 0, count)
	for i := range count {
		command := Increment{Run: "test", Writer: i % 2, Seq: i/2 + 1}
		payload := Incremented{Writer: command.Writer, Seq: command.Seq}
		for _, counter := range command.counters() {
			payload.Steps = append(payload.Steps, Step{Counter: counter, From: values[counter]})
			values[counter]++
		}
		event, err := registry.Encode(payload)
		if err != nil {
			t.Fatal(err)
		}
		event.ID, event.Position = uuid.New(), eventcore.Position(i+1)
		for _, stream := range command.ReadStreams() {
			versions[stream]++
			event.Streams = append(event.Streams, eventcore.Membership{Stream: stream, Version: versions[stream]})
		}
		log = append(log, event)
		told[command.Writer] = append(told[command.Writer], event.Position)
	}
	return log, told
}

func examine(log, seen []eventcore.Event, told [][]eventcore.Position) []string {
	final, live := newAudit(gaps, 2, 0), newAudit(skipped, 2, 0)
	for i := range log {
		final.read(&log[i])
	}
	for i := range seen {
		live.read(&seen[i])
	}
	final.compare(told)
	final.agree(live)
	return slices.Sorted(maps.Keys(final.count))
}

func TestAnIntactLogPassesTheAudit(t *testing.T) {
	log, told := history(t, 100)
	told[1][7] = 0 // it was only found to have happened
	if found := examine(log, log, told); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}

func TestTheAuditFindsWhatIsWrongWithALog(t *testing.T) {
	for name, test := range map[string]struct {
		breakIt func(log, seen *[]eventcore.Event, told [][]eventcore.Position)
		found   string
	}{
		"the last command is lost": {func(log, _ *[]eventcore.Event, _ [][]eventcore.Position) {
			*log = (*log)[:99]
		}, lost},
		"a command is lost, and its position is used again": {func(log, _ *[]eventcore.Event, _ [][]eventcore.Position) {
			*log = slices.Delete(*log, 40, 41)
			for i := 40; i < len(*log); i++ {
				(*log)[i].Position--
			}
		}, lost},
		"a command is at another position than its writer was told": {
			func(_, _ *[]eventcore.Event, told [][]eventcore.Position) { told[0][3]++ }, lost,
		},
		"a command is there twice": {func(log, _ *[]eventcore.Event, _ [][]eventcore.Position) {
			again := (*log)[50]
			again.Position = 101
			*log = append(*log, again)
		}, duplicated},
		"a command is there that nobody was told of": {func(_, _ *[]eventcore.Event, told [][]eventcore.Position) {
			told[1] = told[1][:49]
		}, duplicated},
		"a position is left out": {func(log, _ *[]eventcore.Event, _ [][]eventcore.Position) {
			(*log)[99].Position++
		}, gaps},
		"a version is left out": {func(log, _ *[]eventcore.Event, _ [][]eventcore.Position) {
			streams := slices.Clone((*log)[99].Streams)
			streams[0].Version++
			(*log)[99].Streams = streams
		}, gaps},
		"a live reader skips an event": {func(_, seen *[]eventcore.Event, _ [][]eventcore.Position) {
			*seen = slices.Delete(slices.Clone(*seen), 60, 61)
		}, skipped},
		"a live reader never gets to the end": {func(_, seen *[]eventcore.Event, _ [][]eventcore.Position) {
			*seen = (*seen)[:90]
		}, skipped},
		"a counter is raised twice from the same value": {func(log, _ *[]eventcore.Event, _ [][]eventcore.Position) {
			stale := Incremented{Writer: 1, Seq: 50, Steps: []Step{{Counter: 0, From: 0}}}
			event, _ := registry.Encode(stale)
			(*log)[99].Data = event.Data
		}, lostConflict},
	} {
		t.Run(name, func(t *testing.T) {
			log, told := history(t, 100)
			seen := slices.Clone(log)
			test.breakIt(&log, &seen, told)
			if found := examine(log, seen, told); !slices.Contains(found, test.found) {
				t.Errorf("found %v, want %s", found, test.found)
			}
		})
	}
}
