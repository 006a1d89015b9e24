// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/eventcore/order-operator/test/harness"
)

// movedNamespace is where the orders are that two clusters work on, one after the other.
const movedNamespace = "cluster-lost"

// clusterBack starts the operator in the cluster that was believed to be lost. It asks the provider again for what was done
// by the other one: nothing must happen twice.
func (w *world) clusterBack(t *testing.T) {
	w.startWith(t)
	var names []string
	for i := range ordersOfAWorkload {
		names = append(names, orderName(i))
	}
	w.end(t, movedNamespace, append(names, "before")...)
}

// clusterLost moves the store to a cluster that knows nothing of the orders. They are applied again, as from Git.
func (w *world) clusterLost(t *testing.T) {
	const name, namespace = "moved.db", movedNamespace
	makeNamespace(t, namespace)
	order(t, namespace, "before")
	w.wait(t, namespace, "before")
	names := w.begin(t, namespace)
	w.manager(t, "backup", "--store="+store, "--to="+storePath+name)
	w.stop(t)
	release(t) // what is charged now, no operator sees
	folder := t.TempDir()
	if err := shared.kind.CopyFiles(patiently(t), system, storeClaim, name, folder); err != nil {
		t.Fatal(err)
	}
	address, contracts, admin := publishProvider(t)

	enterNewCluster(t)
	moved := &world{overlay: w.overlay, workloads: w.workloads}
	moved.applyOverlay(t)
	apply(t, "provider", fmt.Sprintf(providerElsewhere, address, contracts, admin))
	kubectl(t, "apply", "--server-side", "-f", filepath.Join(shared.root, "hack", "kind", "gateway-and-carrier.yaml"))
	moved.rollout(t)
	moved.stop(t)
	moved.removeStore(t)
	if err := shared.kind.PutFile(patiently(t), filepath.Join(folder, name), system, storeClaim, name); err != nil {
		t.Fatal(err)
	}
	moved.maintain(t, "restore", "--from="+storePath+name, "--store="+store)
	moved.holdsBack(t, "--adopt-store")
	moved.startWith(t, "--adopt-store")
	begin := time.Now()
	makeNamespace(t, namespace)
	order(t, namespace, "before")
	orders(t, namespace, ordersOfAWorkload)
	moved.end(t, namespace, append(names, "before")...)
	t.Logf("the orders were carried on in another cluster (%s)", seconds(begin))
}

const providerService = `
apiVersion: v1
kind: Service
metadata: {name: outside}
spec:
  type: NodePort
  selector: {app.kubernetes.io/name: provider}
  ports:
  - {name: contracts, port: 80, targetPort: contracts}
  - {name: admin, port: 8081, targetPort: admin}
`

const providerElsewhere = `
apiVersion: v1
kind: Namespace
metadata: {name: provider}
---
apiVersion: v1
kind: Service
metadata: {name: provider, namespace: provider}
spec:
  ports:
  - {name: contracts, port: 80}
  - {name: admin, port: 8081}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: provider
  namespace: provider
  labels: {kubernetes.io/service-name: provider}
addressType: IPv4
endpoints:
- addresses: [%s]
ports:
- {name: contracts, port: %d}
- {name: admin, port: %d}
`

// publishProvider makes the provider reachable from another cluster of this machine: it outlives the one that it is in.
func publishProvider(t *testing.T) (address string, contracts, admin int32) {
	t.Helper()
	apply(t, "provider", providerService)
	service := &corev1.Service{}
	node := &corev1.Node{}
	ctx := patiently(t)
	if err := shared.kind.Client.Get(ctx, key("provider", "outside"), service); err != nil {
		t.Fatal(err)
	}
	if err := shared.kind.Client.Get(ctx, key("", shared.kind.Name+"-control-plane"), node); err != nil {
		t.Fatal(err)
	}
	for _, a := range node.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			address = a.Address
		}
	}
	return address, service.Spec.Ports[0].NodePort, service.Spec.Ports[1].NodePort
}

// enterNewCluster makes another cluster, which is used from now on until the test ends.
func enterNewCluster(t *testing.T) {
	t.Helper()
	begin, before, name := time.Now(), shared.kind, shared.kind.Name+"-new"
	lib := func(ctx context.Context, commands string) {
		command := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", "me=test-e2e; source hack/kind/lib.sh; "+commands)
		command.Dir, command.Env = shared.root, withoutConfig(os.Environ())
		if said, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", commands, err, said)
		}
	}
	t.Cleanup(func() {
		shared.kind = before
		lib(context.Background(), "kind delete cluster --quiet --name "+name) //nolint:usetesting // the test has ended
	})
	lib(patiently(t), "create_cluster "+name+"; load_images "+name+" "+*image)
	kind, err := harness.ConnectKind(name, harness.ClusterOptions{Root: shared.root, FieldManager: "e2e"})
	if err != nil || t.Failed() {
		t.Fatal(err)
	}
	shared.kind = kind
	t.Logf("another cluster is up (%s)", seconds(begin))
}

// withoutConfig leaves out the configuration of the cluster with workers: one node is enough.
func withoutConfig(environment []string) (rest []string) {
	for _, variable := range environment {
		if !strings.HasPrefix(variable, "KIND_CONFIG=") {
			rest = append(rest, variable)
		}
	}
	return rest
}
