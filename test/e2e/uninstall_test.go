// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// uninstall removes everything in the documented order, and finds the cluster as it was before.
func (w *world) uninstall(t *testing.T) {
	t.Helper()
	begin := time.Now()
	kubectl(t, append([]string{"delete", "namespace", "--ignore-not-found", "--timeout=3m"}, w.namespaces...)...)
	w.remove(t)
	kubectl(t, "delete", "namespace", "provider", "postgres", "--ignore-not-found", "--timeout=2m")
	var left []string
	await(t, "nothing is left behind", func(context.Context) (bool, error) {
		left = slices.DeleteFunc(everything(t), func(object string) bool { return slices.Contains(w.before, object) })
		if t.Context().Err() == nil && time.Since(begin) > patience/2 && len(left) > 0 {
			t.Fatalf("left behind:\n%s", strings.Join(left, "\n"))
		}
		return len(left) == 0, nil
	})
	t.Logf("uninstalled, and nothing is left behind (%s)", seconds(begin))
}

// remove is what `make undeploy` does: first what has finalizers, while the operator is there to let go of it.
func (w *world) remove(t *testing.T) {
	t.Helper()
	wrapper := filepath.Join(t.TempDir(), "kubectl")
	script := "#!/bin/sh\nexec kubectl --context kind-" + shared.kind.Name + " \"$@\"\n"
	if err := os.WriteFile(wrapper, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	undeploy := exec.CommandContext(patiently(t), filepath.Join("hack", "undeploy.sh"), filepath.Join("config", w.overlay))
	undeploy.Dir, undeploy.Env = shared.root, append(os.Environ(), "KUBECTL="+wrapper)
	if said, err := undeploy.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
}
