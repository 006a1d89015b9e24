// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/postgres"
)

// startChild starts this test binary again. The process is killed when the test ends, if it still runs.
func startChild(t *testing.T, role, dsn string) (*exec.Cmd, io.Reader) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), childVariable+"="+role, childDSN+"="+dsn)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command, output
}

// killAfter kills the process once it has acknowledged so many appends, and returns the last position that it has.
func killAfter(t *testing.T, command *exec.Cmd, output io.Reader, lines int) eventcore.Position {
	t.Helper()
	acknowledged := eventcore.Position(0)
	scanner := bufio.NewScanner(output)
	for line := 0; scanner.Scan(); line++ {
		position, err := strconv.ParseUint(scanner.Text(), 10, 64)
		if err != nil {
			t.Error(err)
		}
		acknowledged = eventcore.Position(position)
		if line == lines {
			// What it prints between here and its end counts too: the loop reads on.
			if err := command.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := command.Wait(); err == nil {
		t.Error("the process ended by itself")
	}
	return acknowledged
}

func TestEveryAcknowledgedAppendSurvivesAKillOfTwoProcesses(t *testing.T) {
	dsn := server.Database(t)
	store := openStore(t, dsn, postgres.Options{})
	for round, lines := range []int{1, 90, 23, 4} {
		one, oneOutput := startChild(t, "append", dsn)
		other, otherOutput := startChild(t, "append", dsn)
		last := make(chan eventcore.Position)
		go func() { last <- killAfter(t, one, oneOutput, lines) }()
		acknowledged := max(killAfter(t, other, otherOutput, lines/2), <-last)
		mustAppend(t, store, pending("{}", "all"), pending("{}", "after"))
		if events := readAll(t, store); len(events) < int(acknowledged)+2 || len(events)%2 != 0 {
			t.Errorf("round %d: %d events; %d were acknowledged, by appends of two", round, len(events), acknowledged)
		}
	}
}

func TestSeveralProcessesLoseNoConflict(t *testing.T) {
	const each, processes = 40, 2
	dsn := server.Database(t)
	store := openStore(t, dsn, postgres.Options{})
	commands := make([]*exec.Cmd, processes)
	for i := range commands {
		commands[i], _ = startChild(t, strconv.Itoa(each), dsn)
	}
	if err := appendGuarded(t.Context(), store, each, 0); err != nil {
		t.Fatal(err)
	}
	expectGuardsHeld(t, followAll(t, store, each*(processes+1)))
	for _, command := range commands {
		if err := command.Wait(); err != nil {
			t.Errorf("the other process: %v", err)
		}
	}
}

func TestASubscriberSeesWhatAnotherProcessAppends(t *testing.T) {
	dsn := server.Database(t)
	store := openStore(t, dsn, postgres.Options{})
	command, output := startChild(t, "append", dsn)
	go func() { _, _ = io.Copy(io.Discard, output) }()
	followAll(t, store, 100)
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	appended := mustAppend(t, store, pending("{}", "all", "new"))
	if version := appended.Events[0].Streams[0].Version; version != eventcore.Version(appended.Previous+1) {
		t.Errorf("the version in a stream of all %d events is %d", appended.Previous, version)
	}
}
