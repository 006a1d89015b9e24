// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// probeEvery is how often a starting manager is asked whether it is ready.
	probeEvery = 25 * time.Millisecond
	// CallTimeout is how long a provider may take to answer in demos and tests.
	CallTimeout = 2 * time.Second
)

// ErrExited says that the manager ended although nobody had asked it to.
var ErrExited = errors.New("the manager has ended by itself")

// BuildManager builds cmd/manager into the folder and returns the program's path. The flags are those of "make build", so that both
// share the Go cache.
func BuildManager(ctx context.Context, root, folder string) (string, error) {
	program := filepath.Join(folder, "manager")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "./cmd/manager")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the manager: %w\n%s", err, out)
	}
	return program, nil
}

// ManagerOptions configure a Manager.
type ManagerOptions struct {
	// Program is the path of the manager: see BuildManager.
	Program string
	// Kubeconfig is that of Cluster.WriteManagerKubeconfig.
	Kubeconfig string
	World      World
	// CallTimeout is how long a provider may take to answer; CallTimeout if 0.
	CallTimeout time.Duration
	// Log is the file to which the manager's output is added.
	Log string
	// Arguments are further flags of the manager.
	Arguments []string
}

// Manager is a process of the operator.
type Manager struct {
	command *exec.Cmd
	probe   string
	exited  chan struct{}
	err     error // of the process, once exited is closed
}

// StartManager starts a manager, without leader election. It has a process group of its own, so that Ctrl-C does not reach it.
func StartManager(options ManagerOptions) (*Manager, error) {
	probe, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	if options.CallTimeout == 0 {
		options.CallTimeout = CallTimeout
	}
	log, err := os.OpenFile(options.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the manager's log: %w", err)
	}
	defer func() { _ = log.Close() }() // the process has its own
	command := exec.Command(options.Program, append([]string{
		"--kubeconfig=" + options.Kubeconfig,
		"--store=" + options.World.DSN(),
		"--simulated-dir=" + options.World.ledgers(),
		"--call-timeout=" + options.CallTimeout.String(),
		"--metrics-bind-address=0",
		"--health-probe-bind-address=" + probe,
		"--zap-time-encoding=rfc3339nano",
	}, options.Arguments...)...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start the manager: %w", err)
	}
	m := &Manager{command: command, probe: "http://" + probe, exited: make(chan struct{})}
	go func() {
		defer close(m.exited)
		m.err = command.Wait()
	}()
	return m, nil
}

// FreeAddress returns an address of the loopback interface that nobody listens on at this moment.
func FreeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

// Exited is closed when the process has ended.
func (m *Manager) Exited() <-chan struct{} { return m.exited }

// PID returns the process's number.
func (m *Manager) PID() int { return m.command.Process.Pid }

// WaitReady waits until the manager says that it is ready. It fails with ErrExited if the manager ends.
func (m *Manager) WaitReady(ctx context.Context) error {
	ticker := time.NewTicker(probeEvery)
	defer ticker.Stop()
	return m.wait(ctx, "ready", ticker.C, func(ready bool, _ string) bool { return ready })
}

// WaitHeld waits until the manager says that it is not ready, with the words. It fails with ErrExited if the manager ends.
func (m *Manager) WaitHeld(ctx context.Context, words string) error {
	ticker := time.NewTicker(probeEvery)
	defer ticker.Stop()
	return m.wait(ctx, "held up: "+words, ticker.C, func(ready bool, why string) bool { return !ready && strings.Contains(why, words) })
}

func (m *Manager) wait(ctx context.Context, what string, again <-chan time.Time, wanted func(ready bool, why string) bool) error {
	for {
		ready, why := m.Readiness(ctx)
		if wanted(ready, why) {
			return nil
		}
		select {
		case <-again:
		case <-m.exited:
			return fmt.Errorf("%w: %w", ErrExited, m.exit())
		case <-ctx.Done():
			return fmt.Errorf("wait for the manager to be %s (it says %q): %w", what, why, context.Cause(ctx))
		}
	}
}

// Readiness returns whether the manager is ready, and what it says about that.
func (m *Manager) Readiness(ctx context.Context) (ready bool, why string) {
	return m.ask(ctx, "/readyz")
}

// Alive reports whether the manager says that it lives.
func (m *Manager) Alive(ctx context.Context) bool {
	alive, _ := m.ask(ctx, "/healthz")
	return alive
}

func (m *Manager) ask(ctx context.Context, path string) (ok bool, says string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, m.probe+path, http.NoBody)
	if err != nil {
		return false, ""
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, ""
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	return err == nil && response.StatusCode == http.StatusOK, string(body)
}

// Kill ends the process by SIGKILL and returns when it is gone. It fails with ErrExited if the process had ended before.
func (m *Manager) Kill() error {
	select {
	case <-m.exited:
		return fmt.Errorf("%w: %w", ErrExited, m.exit())
	default:
	}
	if err := m.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill the manager: %w", err)
	}
	<-m.exited
	return nil
}

// Stop asks the process to end by SIGTERM and returns when it is gone: nil if it said that all went well. When ctx ends before, the process is killed.
func (m *Manager) Stop(ctx context.Context) error {
	if err := m.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the manager: %w", err)
	}
	select {
	case <-m.exited:
		return m.err
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("the manager did not stop in time: %w", context.Cause(ctx)), m.Kill())
	}
}

// exit returns how the process ended.
func (m *Manager) exit() error {
	if m.err == nil {
		return errors.New("exit code 0")
	}
	return m.err
}
