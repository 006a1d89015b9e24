// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package local is the demo's place on this machine: its folder, the lock on it, and when to let go.
package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ErrRunning says that a demo is under way or up already.
var ErrRunning = errors.New("a demo is running already: stop it with 'make demo-down', or press Ctrl-C where it runs")

// Folder is .demo in the repository, which git ignores.
type Folder string

// Open makes the folder in the repository at root.
func Open(root string) (Folder, error) {
	f := Folder(filepath.Join(root, ".demo"))
	if err := os.MkdirAll(f.Programs(), 0o700); err != nil {
		return "", fmt.Errorf("make the demo's folder: %w", err)
	}
	return f, nil
}

// Programs is where programs are built. It stays from run to run.
func (f Folder) Programs() string { return filepath.Join(string(f), "bin") }

// Run is what a run leaves behind: the event store, the ledgers, the log and the kubeconfigs.
func (f Folder) Run() string { return filepath.Join(string(f), "run") }

// Clear makes Run a new, empty folder.
func (f Folder) Clear() error {
	if err := os.RemoveAll(f.Run()); err != nil {
		return err
	}
	return os.MkdirAll(f.Run(), 0o700)
}

// Lock is held by the one process whose Run it is. The kernel drops it however the process ends.
type Lock struct{ file *os.File }

// Lock takes the lock. It returns ErrRunning if somebody has it.
func (f Folder) Lock() (*Lock, error) {
	file, err := os.OpenFile(f.pidFile(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = errors.Join(file.Truncate(0), write(file, strconv.Itoa(os.Getpid())))
	} else if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrRunning
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Lock{file: file}, nil
}

// Unlock lets others run.
func (l *Lock) Unlock() error { return errors.Join(l.file.Truncate(0), l.file.Close()) }

// Holder returns the process that has the lock, and false if nobody has it.
func (f Folder) Holder() (pid int, running bool, err error) {
	lock, err := f.Lock()
	if err == nil {
		return 0, false, lock.Unlock()
	}
	if !errors.Is(err, ErrRunning) {
		return 0, false, err
	}
	content, err := os.ReadFile(f.pidFile())
	if err != nil {
		return 0, true, err
	}
	pid, err = strconv.Atoi(strings.TrimSpace(string(content)))
	return pid, true, err
}

func (f Folder) pidFile() string { return filepath.Join(string(f), "pid") }

func write(file *os.File, text string) error {
	_, err := file.WriteString(text + "\n")
	return err
}
