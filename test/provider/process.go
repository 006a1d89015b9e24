// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/eventcore/order-operator/controllers/webhook"
)

// Build compiles the program into the folder.
func Build(ctx context.Context, folder string) (program string, err error) {
	program = filepath.Join(folder, "provider")
	command := exec.CommandContext(ctx, "go", "build", "-o", program,
		"github.com/eventcore/order-operator/test/provider/cmd/provider")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the provider: %w\n%s", err, output)
	}
	return program, nil
}

// Options configure a Process.
type Options struct {
	// Program is what Build returned.
	Program string
	// Folder is where the files of the process are: the secret, and the ledger if it has no path of its own.
	Folder string
	Ledger string
	// TLS makes it speak TLS, with a certificate of an authority of its own.
	TLS bool
	// Clock makes the clocks of the process, and of those who call it, stand still, if it is set.
	Clock time.Time
}

// Process is a provider in a process of its own, which can be killed and started again.
type Process struct {
	options Options
	ready   Ready
	ca      []byte
	command *exec.Cmd
	stdin   io.Closer
	stderr  *bytes.Buffer
	exited  chan struct{}
}

// Start writes the files that the process needs, and runs it.
func Start(ctx context.Context, options Options) (*Process, error) {
	p := &Process{options: options}
	if options.Ledger == "" {
		p.options.Ledger = filepath.Join(options.Folder, "ledger.db")
	}
	if err := p.SetSecret([]byte("the secret of the provider under test")); err != nil {
		return nil, err
	}
	if options.TLS {
		var err error
		if p.ca, err = writeCertificate(options.Folder); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(p.planFile(), []byte("{}"), 0o600); err != nil {
		return nil, err
	}
	return p, p.Restart(ctx)
}

// Ledger is the file with the process's ledger. Open it with the ledger package: it may be open in many processes.
func (p *Process) Ledger() string { return p.options.Ledger }

// URL is where the provider listens.
func (p *Process) URL() string { return p.ready.URL }

// SetSecret changes the secret of signatures, for the process and for who calls it with WebhookOptions.
func (p *Process) SetSecret(secret []byte) error { return os.WriteFile(p.secretFile(), secret, 0o600) }

func (p *Process) secretFile() string { return filepath.Join(p.options.Folder, "secret") }

// WebhookOptions are those of a client of the process.
func (p *Process) WebhookOptions() webhook.Options {
	options := webhook.Options{
		URL: p.ready.URL, CA: p.ca,
		Credentials: func(context.Context) ([]byte, error) { return os.ReadFile(p.secretFile()) },
	}
	if !p.options.Clock.IsZero() {
		options.Clock = func() time.Time { return p.options.Clock }
	}
	return options
}

// Restart runs the process, for the first time or after its end, on the same ledger and ports.
func (p *Process) Restart(ctx context.Context) error {
	p.command = exec.CommandContext(context.WithoutCancel(ctx), p.options.Program, p.arguments()...)
	p.stderr, p.exited = &bytes.Buffer{}, make(chan struct{})
	p.command.Stderr = p.stderr
	stdin, inErr := p.command.StdinPipe() // ends with this process, whatever ends it, and the other one with it
	stdout, outErr := p.command.StdoutPipe()
	if err := errors.Join(inErr, outErr, p.command.Start()); err != nil {
		return err
	}
	p.stdin = stdin
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	go func(command *exec.Cmd, exited chan struct{}) {
		_ = command.Wait()
		close(exited)
	}(p.command, p.exited)
	if err == nil {
		err = json.Unmarshal(line, &p.ready)
	}
	if err != nil {
		_ = p.Kill()
		return fmt.Errorf("the provider did not start: %w\n%s", err, p.stderr)
	}
	return nil
}

func (p *Process) arguments() []string {
	arguments := []string{
		"--ledger", p.options.Ledger, "--secret-file", p.secretFile(), "--plan", p.planFile(), "--until-stdin-ends",
	}
	if p.ready.URL != "" {
		_, address, _ := strings.Cut(p.ready.URL, "://")
		_, admin, _ := strings.Cut(p.ready.Admin, "://")
		arguments = append(arguments, "--listen", address, "--admin", admin)
	}
	if p.options.TLS {
		arguments = append(arguments, "--tls-cert", filepath.Join(p.options.Folder, certificateFile),
			"--tls-key", filepath.Join(p.options.Folder, keyFile))
	}
	if !p.options.Clock.IsZero() {
		arguments = append(arguments, "--clock", p.options.Clock.Format(time.RFC3339Nano))
	}
	return arguments
}

// Kill ends the process by SIGKILL, in the middle of whatever it does, and returns once it has ended.
func (p *Process) Kill() error {
	err := p.command.Process.Kill()
	<-p.exited
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Exited is closed when the process has ended, by itself or not.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Stop lets the process end in peace. It returns an error if it has failed, or ended before.
func (p *Process) Stop() error {
	closed := p.stdin.Close()
	<-p.exited
	if state := p.command.ProcessState; !state.Success() {
		return fmt.Errorf("the provider ended: %s\n%s", state, p.stderr)
	}
	return closed
}

// Admin is the process's admin endpoint.
func (p *Process) Admin() Admin { return Admin{URL: p.ready.Admin} }

// SetPlan says how the provider misbehaves from now on, after a restart too.
func (p *Process) SetPlan(ctx context.Context, plan Plan) error {
	if err := p.Admin().SetPlan(ctx, plan); err != nil {
		return err
	}
	encoded, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	return os.WriteFile(p.planFile(), encoded, 0o600)
}

func (p *Process) planFile() string { return filepath.Join(p.options.Folder, "plan.json") }

// Down makes the provider break all connections, and refuse new ones for the span.
func (p *Process) Down(ctx context.Context, span time.Duration) error {
	return p.Admin().Down(ctx, span)
}

// Release lets the requests go on that are held without a delay.
func (p *Process) Release(ctx context.Context) error { return p.Admin().Release(ctx) }

// Report returns what has come until now.
func (p *Process) Report(ctx context.Context) (Report, error) { return p.Admin().Report(ctx) }
