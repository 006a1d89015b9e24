// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// process is a server that ends when the pipe to its standard input is closed, at the latest by the death of this
// process. How it ends is a signal's name.
type process struct {
	command *exec.Cmd
	input   io.Closer
	log     *buffer
	ended   chan struct{}
}

// watched runs a command until there is no more input.
const watched = `signal=$1; shift; "$@" & pid=$!; read -r _; kill -"$signal" "$pid"; wait "$pid"`

func start(signal string, owner *syscall.Credential, name string, arguments ...string) (*process, error) {
	p := &process{log: &buffer{}, ended: make(chan struct{})}
	arguments = append([]string{"-c", watched, "sh", signal, name}, arguments...)
	p.command = exec.Command("sh", arguments...) //nolint:gosec,noctx // tests name it, and it ends with its input.
	p.command.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true}
	p.command.Dir = "/"
	p.command.Stdout, p.command.Stderr = p.log, p.log
	input, err := p.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.input = input
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.ended)
		_ = p.command.Wait()
	}()
	return p, nil
}

func (p *process) stop() {
	_ = p.input.Close()
	<-p.ended
}

// buffer is what the process has written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// owner returns whom the servers run as: they refuse to be root.
func owner() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("pgtest: root needs a user named postgres or nobody to run a server as")
}

// folder makes a temporary folder that belongs to the owner. Its path is short: a socket's has 107 bytes at most.
func folder(owner *syscall.Credential) (string, error) {
	path, err := os.MkdirTemp("", "pgtest")
	if err != nil || owner == nil {
		return path, err
	}
	return path, os.Chown(path, int(owner.Uid), int(owner.Gid))
}

// look returns the path of a program, which stands in PATH or in one of the folders.
func look(program, hint string, folders ...string) (string, error) {
	path, err := exec.LookPath(program)
	for i := len(folders) - 1; err != nil && i >= 0; i-- {
		path, err = exec.LookPath(filepath.Join(folders[i], program))
	}
	if err != nil {
		return "", fmt.Errorf("pgtest: %s is not installed: %s", program, hint)
	}
	return path, nil
}
