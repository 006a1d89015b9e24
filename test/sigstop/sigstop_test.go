// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstop

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/test/harness"
)

// TestAStoppedLeaderThatWakesAfterItsSuccessorClosedTheStepHarmsNothing stops a process with SIGSTOP after it has
// recorded an intent and sent the request, has another one close the call by a fence and carry the order to its end,
// and wakes the first one with SIGCONT: only then does its request reach the provider.
func TestAStoppedLeaderThatWakesAfterItsSuccessorClosedTheStepHarmsNothing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ action, address, end string }{
		{"charge", "Ada Example", "OrderCompleted"},
		{"ship", "Ada Example", "OrderCompleted"},
		{"refund", "SIM REFUSE", "OrderCancelled"},
	} {
		t.Run(test.action, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			leader := start(t, folder, test.address, test.action)
			leader.await(t, "calling")
			leader.stop(t)
			successor := start(t, folder, test.address, "")
			successor.await(t, "ended "+test.end)
			before := logOf(t, folder)
			leader.wake(t)
			if late := leader.await(t, "late "); !strings.Contains(late, calls.CodeFenced) {
				t.Errorf("the late request was answered with %q", late)
			}
			leader.end(t)
			successor.end(t)
			if after := logOf(t, folder); len(after) != len(before) {
				t.Errorf("the leader recorded %v", after[len(before):])
			}
			judge(t, folder)
		})
	}
}

// process is a child.
type process struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Scanner
}

func start(t *testing.T, folder, address, stop string) *process {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), worldOfChild+"="+folder, stopOfChild+"="+stop, "ADDRESS_OF_CHILD="+address)
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{command: command, input: input, output: bufio.NewScanner(output)}
	t.Cleanup(func() { _ = command.Process.Kill() })
	return p
}

// stop returns once the kernel says that the child is stopped.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGSTOP)
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(p.command.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("the leader is not stopped: %v, %v", status, err)
	}
}

func (p *process) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := p.command.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// wake has the child go on with its call.
func (p *process) wake(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(p.input, "go on\n"); err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGCONT)
}

// await returns the child's next line that begins so.
func (p *process) await(t *testing.T, prefix string) string {
	t.Helper()
	for p.output.Scan() {
		if strings.HasPrefix(p.output.Text(), prefix) {
			return p.output.Text()
		}
	}
	t.Fatalf("the child never said %q: %v", prefix, p.output.Err())
	return ""
}

// end has the child end in peace.
func (p *process) end(t *testing.T) {
	t.Helper()
	if err := p.input.Close(); err != nil {
		t.Error(err)
	}
	for p.output.Scan() { // until it has closed its output
	}
	if err := p.command.Wait(); err != nil {
		t.Error(err)
	}
}

// logOf returns the decoded events of the world's store.
func logOf(t *testing.T, folder string) []*eventcore.Event {
	t.Helper()
	w, err := openWorld(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.close() }()
	return w.log(t)
}

func (w world) log(t *testing.T) []*eventcore.Event {
	t.Helper()
	registry := saga.NewRegistry()
	var events []*eventcore.Event
	for event, err := range w.store.Read(t.Context(), eventcore.Query{}) {
		if err == nil {
			err = registry.Decode(&event)
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, &event)
	}
	return events
}

// judge holds the world against all rules.
func judge(t *testing.T, folder string) {
	t.Helper()
	w, err := openWorld(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.close() }()
	events := w.log(t)
	found, err := verify.Check(func(yield func(*eventcore.Event, error) bool) {
		for _, event := range events {
			if !yield(event, nil) {
				return
			}
		}
	}, verify.Options{StoreID: w.store.Identity().StoreID.String()}, verify.Evidence{
		Movements: harness.Movements(t.Context(), []*ledger.Ledger{w.payments, w.shipments}...),
	})
	if err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}
