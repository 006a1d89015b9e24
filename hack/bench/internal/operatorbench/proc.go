// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operatorbench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc, on every architecture that Linux runs Go on.
const tick = 10 * time.Millisecond

// children returns the processes that this one has started, by the names that are given for the programs'.
func children(names map[string]string) (map[string]int, error) {
	found := map[string]int{}
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			continue
		}
		stat, err := readStat(pid)
		if name := names[stat.program]; err == nil && stat.parent == os.Getpid() && name != "" {
			found[name] = pid
		}
	}
	for program, name := range names {
		if found[name] == 0 {
			return nil, fmt.Errorf("no process of %s in /proc: this program needs Linux", program)
		}
	}
	return found, nil
}

// stat is what /proc tells of a process.
type stat struct {
	program string
	parent  int
	// cpu is how long it has worked so far, in all threads.
	cpu time.Duration
}

var errStat = errors.New("/proc/PID/stat has another form than expected")

func readStat(pid int) (stat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	return parseStat(string(text))
}

// parseStat reads "PID (PROGRAM) STATE PARENT …": a program's name may have spaces and brackets.
func parseStat(text string) (stat, error) {
	open, shut := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || shut < open {
		return stat{}, errStat
	}
	fields := strings.Fields(text[shut+1:])
	if len(fields) < 13 {
		return stat{}, errStat
	}
	numbers := make([]int64, 0, 3)
	for _, field := range []string{fields[1], fields[11], fields[12]} { // parent, user time, system time
		number, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return stat{}, fmt.Errorf("%w: %w", errStat, err)
		}
		numbers = append(numbers, number)
	}
	return stat{
		program: text[open+1 : shut], parent: int(numbers[0]), cpu: time.Duration(numbers[1]+numbers[2]) * tick,
	}, nil
}

// resident returns the memory of the process, in bytes.
func resident(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) < 2 || fields[1] != "kB" {
		return 0, fmt.Errorf("/proc/%d/status does not tell VmRSS", pid)
	}
	kilobytes, err := strconv.ParseInt(fields[0], 10, 64)
	return kilobytes << 10, err
}
