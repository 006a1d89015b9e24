// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/eventcore/order-operator/hack/demo/internal/local"
)

const (
	// serve is what the detached process does that up starts.
	serve = "serve"
	// ready is what it tells up.
	ready = "ready"
)

// up starts a process that holds the control plane and the operator, and returns when both are there.
func up(ctx context.Context, folder local.Folder) error {
	if _, running, err := folder.Holder(); err != nil {
		return err
	} else if running {
		return local.ErrRunning
	}
	fmt.Println("demo: starting an API server, etcd and the operator")
	program, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(string(folder), "up.log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	listen, tell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = listen.Close() }()
	server := exec.Command(program, serve) //nolint:gosec,noctx // this program; it outlives this process
	server.Stdout, server.Stderr = log, log
	server.ExtraFiles = []*os.File{tell}
	server.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := errors.Join(server.Start(), tell.Close()); err != nil {
		return err
	}
	interrupted := context.AfterFunc(ctx, func() { _ = server.Process.Signal(syscall.SIGTERM) })
	defer interrupted()
	answer, _ := bufio.NewReader(listen).ReadString('\n') // ends when the process does, too
	if strings.TrimSpace(answer) != ready {
		_ = server.Wait()
		said, _ := os.ReadFile(log.Name())
		return fmt.Errorf("the control plane did not start:\n%s", said)
	}
	explain(folder, server.Process.Pid)
	return nil
}

// explain tells what can be done now.
func explain(folder local.Folder, pid int) {
	kubectl := "kubectl"
	if _, err := exec.LookPath(kubectl); err != nil {
		kubectl = filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), kubectl)
	}
	fmt.Printf(`demo: up (process %d). In another terminal, or here:

export KUBECONFIG=%s

Things to try:
  %[3]s apply -k config/samples
  %[3]s get orders --watch
  %[3]s describe order order-006-shipment-refused
  %[3]s get products
  kill -9 $(cat %[4]s)    # the operator is started again, and carries on
  less %[5]s

Stop it with: make demo-down
`, pid, filepath.Join(folder.Run(), "kubeconfig"), kubectl,
		filepath.Join(folder.Run(), "manager.pid"), filepath.Join(folder.Run(), "manager.log"))
}

// serve holds the control plane and the operator until ctx ends. Like a Deployment, it starts the operator again if that ends.
func (t *theatre) serve(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, t.close()) }()
	if err := t.open(ctx); err != nil {
		return err
	}
	tell := os.NewFile(3, "up")
	_, _ = fmt.Fprintln(tell, ready)
	_ = tell.Close()
	for {
		pid := fmt.Appendln(nil, t.manager.PID())
		if err := os.WriteFile(t.run("manager.pid"), pid, 0o600); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.manager.Exited():
		}
		t.screen.say(plain, "demo: the operator has ended: starting it again")
		if err := t.start(ctx); err != nil {
			return err
		}
	}
}
