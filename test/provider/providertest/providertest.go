// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package providertest runs package provider's process for tests.
package providertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/eventcore/order-operator/controllers/webhook"
	"github.com/eventcore/order-operator/test/provider"
)

// program is built once for a test binary, when the first test needs it.
var program struct {
	once   sync.Once
	folder string
	path   string
	err    error
}

// Main is for TestMain. It makes room for the program, and cleans up after all tests.
func Main(m *testing.M) { os.Exit(Run(m.Run)) }

// Run is Main for a TestMain that has more to do.
func Run(run func() int) (code int) {
	folder, err := os.MkdirTemp("", "provider-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	program.folder = folder
	defer func() {
		if err := os.RemoveAll(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	return run()
}

// Start runs the process, and stops it after the test. Folder and Program may be empty.
func Start(t *testing.T, options provider.Options) *provider.Process {
	t.Helper()
	program.once.Do(func() {
		program.path, program.err = "", errors.New("TestMain must call providertest.Main")
		if program.folder != "" {
			program.path, program.err = provider.Build(context.Background(), program.folder) //nolint:usetesting // outlives the test
		}
	})
	if program.err != nil {
		t.Fatal(program.err)
	}
	options.Program = program.path
	if options.Folder == "" {
		options.Folder = t.TempDir()
	}
	process, err := provider.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		select {
		case <-process.Exited(): // the test has ended it
		default:
			if err := process.Stop(); err != nil {
				t.Error(err)
			}
		}
	})
	return process
}

// Plan lets the process misbehave by the rules from now on.
func Plan(t *testing.T, process *provider.Process, rules ...provider.Rule) {
	t.Helper()
	if err := process.SetPlan(t.Context(), provider.Plan{Rules: rules}); err != nil {
		t.Fatal(err)
	}
}

// Await returns once the fault has happened so many times since the process was started.
func Await(t *testing.T, process *provider.Process, fault provider.Fault, times int) {
	t.Helper()
	for {
		report, err := process.Report(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if report.Faults[fault] >= times {
			return
		}
	}
}

// Release lets the requests go on that are held.
func Release(t *testing.T, process *provider.Process) {
	t.Helper()
	if err := process.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Closer is a client that keeps connections.
type Closer interface{ Close() }

// Client returns a client of the process, and closes its connections after the test.
func Client[C Closer](t *testing.T, process *provider.Process, dial func(webhook.Options) (C, error)) C {
	t.Helper()
	client, err := dial(process.WebhookOptions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}
