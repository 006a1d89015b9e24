// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// totalsPrefix begins the line in which a process tells its totals, chunk is how many seeds it plays.
const (
	totalsPrefix = "totals: "
	chunk        = 100
)

// playInProcesses plays the seeds in several processes at once, each of which has one processor.
func playInProcesses(t *testing.T) (sum totals) {
	t.Helper()
	first := make(chan uint64)
	go func() {
		defer close(first)
		for s := uint64(0); s < *seeds; s += chunk {
			first <- *seed + s
		}
	}()
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range *processes {
		workers.Go(func() {
			for s := range first {
				output, err := playChunk(t, s, min(chunk, *seed+*seeds-s))
				mu.Lock()
				told, failures := read(output)
				sum.add(told)
				if err != nil {
					t.Errorf("the seeds from %d on: %v\n%s", s, err, failures)
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return sum
}

func playChunk(t *testing.T, first, number uint64) (output string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSimulation$", "-test.v",
		fmt.Sprintf("-seed=%d", first), fmt.Sprintf("-seeds=%d", number), fmt.Sprintf("-orders=%d", *ordersOf))
	out, err := command.CombinedOutput()
	return string(out), err
}

// read returns the totals in a process's output, and everything else.
func read(output string) (sum totals, rest string) {
	var lines []string
	for line := range strings.Lines(output) {
		if told, ok := strings.CutPrefix(line, totalsPrefix); ok && json.Unmarshal([]byte(told), &sum) == nil {
			continue
		}
		lines = append(lines, line)
	}
	return sum, strings.Join(lines, "")
}
