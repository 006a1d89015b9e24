// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package torturestore

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/eventcore/order-operator/eventcore"
)

// process is one of the processes that append: it is killed and started again, and goes on where the last one was.
type process struct {
	orders orders

	command *exec.Cmd
	stdin   io.Closer
	ended   chan error // of reading what it says

	mu sync.Mutex
	// told is what each of its writers has said: the position of each command, 0 for one that was found.
	told     [][]eventcore.Position
	alive    int // lines since the last start
	done     int
	found    int
	failures map[string]int
}

func (p *process) start(ctx context.Context, era int) error {
	p.orders.Era = era
	p.orders.Next = p.orders.Next[:0]
	for _, told := range p.told {
		p.orders.Next = append(p.orders.Next, len(told)+1)
	}
	encoded, err := json.Marshal(p.orders)
	if err != nil {
		return err
	}
	p.command = exec.CommandContext(ctx, os.Args[0])
	p.command.Env = append(os.Environ(), ordersVariable+"="+string(encoded))
	p.command.Stderr = os.Stderr
	stdin, inErr := p.command.StdinPipe()
	stdout, outErr := p.command.StdoutPipe()
	if err := errors.Join(inErr, outErr, p.command.Start()); err != nil {
		return err
	}
	p.mu.Lock()
	p.alive = 0
	p.mu.Unlock()
	p.stdin, p.ended = stdin, make(chan error, 1)
	go func() { p.ended <- p.listen(stdout) }()
	return nil
}

// kill ends the process in the middle of whatever it does. What it has said before counts: the pipe outlives it.
func (p *process) kill() error {
	if err := p.command.Process.Kill(); err != nil {
		return err
	}
	err := <-p.ended
	_ = p.command.Wait()
	if p.command.ProcessState.Exited() {
		return fmt.Errorf("it had ended by itself: %s", p.command.ProcessState)
	}
	return err
}

// stop lets the process end in peace.
func (p *process) stop() error {
	return errors.Join(p.stdin.Close(), <-p.ended, p.command.Wait())
}

// working reports whether the process has done anything since it was started.
func (p *process) working() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.alive > 0
}

func (p *process) acknowledged() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done + p.found
}

func (p *process) listen(output io.Reader) error {
	scanner := bufio.NewScanner(output)
	var wrong error
	for scanner.Scan() {
		if err := p.hear(scanner.Text()); err != nil && wrong == nil {
			wrong = fmt.Errorf("it says %q: %w", scanner.Text(), err)
		}
	}
	return errors.Join(wrong, scanner.Err())
}

func (p *process) hear(line string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alive++
	if reason, failed := strings.CutPrefix(line, "failed "); failed {
		p.failures[kind(reason)]++
		return nil
	}
	fields := strings.Fields(line)
	numbers := make([]int, 0, 3)
	for _, field := range fields[min(1, len(fields)):] {
		number, err := strconv.Atoi(field)
		if err != nil {
			return err
		}
		numbers = append(numbers, number)
	}
	switch {
	case len(numbers) == 3 && fields[0] == "done":
		p.done++
	case len(numbers) == 2 && fields[0] == "found":
		p.found++
		numbers = append(numbers, 0)
	default:
		return errors.New("nobody understands that")
	}
	told := &p.told[numbers[0]-p.orders.FirstWriter]
	if numbers[1] != len(*told)+1 {
		return fmt.Errorf("it follows command %d", len(*told))
	}
	*told = append(*told, eventcore.Position(numbers[2]))
	return nil
}

// kind shortens an error to what it has in common with others.
func kind(reason string) string {
	for _, known := range []error{eventcore.ErrContention, eventcore.ErrOutcomeUnknown} {
		if strings.Contains(reason, known.Error()) {
			return known.Error()
		}
	}
	return reason
}

func (p *process) countFailures(into map[string]int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for reason, count := range maps.All(p.failures) {
		into[reason] += count
	}
}
