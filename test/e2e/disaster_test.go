// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/test/harness"
)

const (
	storeClaim  = "events-order-operator-0"
	storePath   = "/var/lib/order-operator/"
	store       = "sqlite:" + storePath + "events.db"
	statefulSet = "statefulset/order-operator"
)

// TestDisasters rehearses what the manual says, on config/default, with orders in flight.
func TestDisasters(t *testing.T) {
	w := install(t, "default", statefulSet)
	t.Run("the store is lost, and an older backup restored", w.olderBackup)
	t.Run("the store is lost without a backup, and the cluster kept", w.storeLost)
	t.Run("the cluster is lost, and the store kept", w.clusterLost)
	t.Run("the old cluster comes back, on its own copy of the store", w.clusterBack)
	t.Run("nothing is left behind", w.uninstall)
}

// olderBackup loses what was recorded after a backup: orders that have ended, and charges under way.
func (w *world) olderBackup(t *testing.T) {
	const namespace, file = "older-backup", storePath + "older.db"
	makeNamespace(t, namespace)
	order(t, namespace, "before")
	w.wait(t, namespace, "before")
	w.manager(t, "backup", "--store="+store, "--to="+file)
	order(t, namespace, "after")
	w.wait(t, namespace, "after")
	names := w.begin(t, namespace)
	w.stop(t)
	release(t) // what is charged now, no operator sees
	w.removeStore(t)
	w.maintain(t, "restore", "--from="+file, "--store="+store)
	w.holdsBack(t, "--accept-rollback")
	w.startWith(t, "--accept-rollback")
	w.end(t, namespace, append(names, "before", "after")...)
	w.startWith(t)
}

// storeLost loses the volume. The Orders are there, and so is what the provider remembers.
func (w *world) storeLost(t *testing.T) {
	const namespace = "store-lost"
	makeNamespace(t, namespace)
	order(t, namespace, "before")
	w.wait(t, namespace, "before")
	names := w.begin(t, namespace)
	w.stop(t)
	release(t)
	kubectl(t, "delete", "pvc", "--namespace", system, storeClaim, "--timeout=2m")
	w.holdsBack(t, "--accept-rollback")
	w.startWith(t, "--accept-rollback")
	w.end(t, namespace, append(names, "before")...)
	w.startWith(t)
}

// wait waits until the orders have ended.
func (w *world) wait(t *testing.T, namespace string, names ...string) {
	t.Helper()
	if _, err := shared.kind.WaitForOrders(patiently(t), namespace, names...); err != nil {
		t.Fatal(err)
	}
}

// manager runs the operator's program in its pod.
func (w *world) manager(t *testing.T, arguments ...string) {
	t.Helper()
	printed, err := shared.kind.Manager(patiently(t), harness.OperatorPod, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("manager %s: %s", strings.Join(arguments, " "), strings.TrimSpace(printed))
}

// stop stops the operator.
func (w *world) stop(t *testing.T) {
	t.Helper()
	kubectl(t, "scale", "--namespace", system, statefulSet, "--replicas=0")
	kubectl(t, "wait", "--namespace", system, "--for=delete", "pod/"+harness.OperatorPod, "--timeout=2m")
}

// removeStore is the disaster: the backups on the same volume stay.
func (w *world) removeStore(t *testing.T) {
	t.Helper()
	if err := shared.kind.RemoveFiles(patiently(t), system, storeClaim, "events.db"); err != nil {
		t.Fatal(err)
	}
}

const maintenanceManifest = `
apiVersion: v1
kind: Pod
metadata: {name: maintenance}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: manager
    image: %s
    args: [%s]
    securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
    volumeMounts:
    - {name: events, mountPath: /var/lib/order-operator}
    - {name: tmp, mountPath: /tmp}
  volumes:
  - {name: events, persistentVolumeClaim: {claimName: events-order-operator-0}}
  - {name: tmp, emptyDir: {}}
`

// maintain runs the operator's program in a pod of its own on the volume, while the operator is stopped.
func (w *world) maintain(t *testing.T, arguments ...string) {
	t.Helper()
	apply(t, system, fmt.Sprintf(maintenanceManifest, *image, strings.Join(arguments, ", ")))
	defer kubectl(t, "delete", "pod", "--namespace", system, "maintenance", "--timeout=2m")
	var phase string
	await(t, "the maintenance is done", func(ctx context.Context) (bool, error) {
		pod, err := shared.kind.Pod(ctx, system, "maintenance")
		phase = string(pod.Status.Phase)
		return phase == "Succeeded" || phase == "Failed", err
	})
	said := strings.TrimSpace(kubectl(t, "logs", "--namespace", system, "maintenance"))
	if phase != "Succeeded" {
		t.Fatalf("manager %s: %s", strings.Join(arguments, " "), said)
	}
	t.Logf("manager %s: %s", strings.Join(arguments, " "), said)
}

// holdsBack starts the operator as it is: it must not work, and name the flag that lets it.
func (w *world) holdsBack(t *testing.T, flag string) {
	t.Helper()
	kubectl(t, "scale", "--namespace", system, statefulSet, "--replicas=1")
	begin := time.Now()
	await(t, "the log names "+flag, func(ctx context.Context) (bool, error) {
		said, err := shared.kind.Kubectl(ctx, "logs", "--namespace", system, harness.OperatorPod)
		return err == nil && strings.Contains(said, flag), nil
	})
	pod, err := shared.kind.Pod(patiently(t), system, harness.OperatorPod)
	if err != nil || harness.Ready(pod) || harness.Restarts(pod) > 0 {
		t.Errorf("the operator should live and not be ready: ready %t, %d restarts (%v)", harness.Ready(pod), harness.Restarts(pod), err)
	}
	t.Logf("the operator held back, and named %s, after %s", flag, seconds(begin))
}

// startWith starts the operator with another flag, or without any, and waits until it is ready.
func (w *world) startWith(t *testing.T, flags ...string) {
	t.Helper()
	kubectl(t, "apply", "--server-side", "--force-conflicts", "-k", filepath.Join(shared.root, "config", w.overlay))
	for _, flag := range flags {
		kubectl(t, "patch", "--namespace", system, statefulSet, "--type=json",
			"--patch", `[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "`+flag+`"}]`)
	}
	// A StatefulSet waits for a pod that is not ready before it replaces it: the old one has to go.
	kubectl(t, "delete", "pod", "--namespace", system, harness.OperatorPod, "--timeout=2m")
	w.rollout(t)
}
