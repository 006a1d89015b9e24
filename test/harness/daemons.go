// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The programs of the control plane, for Daemon.
const (
	APIServer = "kube-apiserver"
	Etcd      = "etcd"
)

// Daemon is a process of a control plane that StartCluster has started in this process. It may be used by one goroutine at a time,
// and is to be closed: the API server's before Cluster.Stop, etcd's after it, for an API server does not end without one.
type Daemon struct {
	program   string
	arguments []string
	folder    string
	pid       int
	// again is the process that Restart has started.
	again *exec.Cmd
}

// FindDaemon returns the control plane's process of the program. There must be one control plane in this process.
func FindDaemon(program string) (*Daemon, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", program, err)
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || !childOfMine(pid) {
			continue
		}
		arguments, err := readArguments(pid)
		if err != nil || len(arguments) == 0 || filepath.Base(arguments[0]) != program {
			continue // it has ended meanwhile, or is another one
		}
		folder, err := os.Readlink(filepath.Join("/proc", entry.Name(), "cwd"))
		if err != nil {
			return nil, fmt.Errorf("find %s: %w", program, err)
		}
		return &Daemon{program: program, arguments: arguments, folder: folder, pid: pid}, nil
	}
	return nil, fmt.Errorf("find %s: this process has not started one", program)
}

func childOfMine(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // behind the program's name: the state and the parent
	fields := strings.Fields(rest)
	return len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid())
}

func readArguments(pid int) ([]string, error) {
	line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil {
		return nil, err
	}
	var arguments []string
	for argument := range bytes.SplitSeq(bytes.TrimSuffix(line, []byte{0}), []byte{0}) {
		arguments = append(arguments, string(argument))
	}
	return arguments, nil
}

// Kill ends the process by SIGKILL. What it has stored stays.
func (d *Daemon) Kill() error {
	if err := syscall.Kill(d.pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %s: %w", d.program, err)
	}
	if d.again != nil {
		_ = d.again.Wait() // killed
		return nil
	}
	for syscall.Kill(d.pid, 0) == nil { // whoever has started it collects it
		time.Sleep(probeEvery)
	}
	return nil
}

// Restart runs the program again, with the arguments that it had, until Kill. It does not wait until the program is ready.
func (d *Daemon) Restart(ctx context.Context) error {
	d.again = exec.CommandContext(context.WithoutCancel(ctx), d.arguments[0], d.arguments[1:]...)
	d.again.Dir = d.folder
	d.again.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := d.again.Start(); err != nil {
		return fmt.Errorf("start %s again: %w", d.program, err)
	}
	d.pid = d.again.Process.Pid
	return nil
}

// Close ends the process that Restart has started, if there is one. The first one is Cluster.Stop's.
func (d *Daemon) Close() error {
	if d.again == nil || d.again.ProcessState != nil {
		return nil
	}
	err := d.Kill()
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}
