// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/test/terminal"
)

// installed returns a PATH on which kubectl finds the plugin: this program, under the plugin's name.
func installed(t *testing.T) []string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Symlink(program, filepath.Join(folder, pluginName)); err != nil {
		t.Fatal(err)
	}
	completion, err := filepath.Abs("../kubectl_complete-order")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(completion, filepath.Join(folder, "kubectl_complete-order")); err != nil {
		t.Fatal(err)
	}
	path := strings.Join([]string{folder, os.Getenv("KUBEBUILDER_ASSETS"), os.Getenv("PATH")}, string(os.PathListSeparator))
	return []string{"PATH=" + path, "HOME=" + folder, "KUBECONFIG=" + shared.kubeconfig(ada), "TERM=xterm"}
}

func process(t *testing.T, environment []string, name string, arguments ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	folder, _, _ := strings.Cut(strings.TrimPrefix(environment[0], "PATH="), string(os.PathListSeparator))
	program := filepath.Join(folder, name)
	if name == "kubectl" {
		program = filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), name)
	}
	command := exec.CommandContext(ctx, program, arguments...)
	command.Env = environment
	return command
}

func TestKubectlFindsThePlugin(t *testing.T) {
	lookedAt(t)
	environment := installed(t)
	out, err := process(t, environment, "kubectl", "order", "status", looked).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Paid and released to the carrier") || strings.Contains(string(out), "\x1b") {
		t.Errorf("kubectl order status: %v\n%q", err, out)
	}
	failed := process(t, environment, "kubectl", "order", "status", "never")
	if out, err := failed.CombinedOutput(); err == nil || failed.ProcessState.ExitCode() != 1 {
		t.Errorf("kubectl order status never: %v\n%s", err, out)
	}
	// kubectl asks the program kubectl_complete-order.
	out, err = process(t, environment, "kubectl", "__complete", "order", "status", "looked").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "looked-at\n") {
		t.Errorf("kubectl completes with %v\n%s", err, out)
	}
}

func TestATerminalShowsColoursUnlessItsUserWantsNone(t *testing.T) {
	lookedAt(t)
	environment := installed(t)
	const green = "\x1b[32mCompleted\x1b[0m"
	show := func(environment []string) string {
		t.Helper()
		out, err := terminal.Output(process(t, environment, pluginName, "status", looked))
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return out
	}
	if out := show(environment); !strings.Contains(out, green) {
		t.Errorf("on a terminal it is %q", out)
	}
	for _, wish := range []string{"NO_COLOR=1", "TERM=dumb"} {
		if out := show(append(environment, wish)); strings.Contains(out, "\x1b") || !strings.Contains(out, "Completed") {
			t.Errorf("with %s it is %q", wish, out)
		}
	}
}
