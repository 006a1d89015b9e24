// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/eventcore/order-operator/eventcore/open"
	"github.com/eventcore/order-operator/test/harness"
)

// system is the operator's namespace.
const system = harness.OperatorNamespace

// world is an installation of the operator.
type world struct {
	// overlay is a folder below config.
	overlay string
	// workloads are what it runs as, such as deployment/order-operator.
	workloads []string
	// before is what was in the cluster before.
	before []string
	// dsn is the database's, as the pods see it; empty for a file.
	dsn string
	// namespaces are those whose orders have ended.
	namespaces []string
}

// install installs an overlay with a provider, and waits until everything is ready.
func install(t *testing.T, overlay string, workloads ...string) *world {
	t.Helper()
	begin := time.Now()
	w := &world{overlay: overlay, workloads: workloads, before: everything(t)}
	w.installProvider(t)
	w.applyOverlay(t)
	if strings.Contains(overlay, "overlays/") {
		w.installPostgres(t)
	}
	w.rollout(t)
	kubectl(t, "apply", "--server-side", "-f", filepath.Join(shared.root, "hack", "kind", "gateway-and-carrier.yaml"))
	kubectl(t, "wait", "--for=condition=Ready", "paymentgateway/default", "carrier/default", "--timeout=2m")
	t.Logf("%s is installed and ready (%s)", overlay, seconds(begin))
	return w
}

func (w *world) applyOverlay(t *testing.T) {
	t.Helper()
	kubectl(t, "apply", "--server-side", "-k", filepath.Join(shared.root, "config", w.overlay))
	w.setSecret(t, system, "provider", "secret", providerSecret)
}

// providerSecret signs what the operator and the provider say to each other.
var providerSecret = rand.Text()

func (w *world) installProvider(t *testing.T) {
	t.Helper()
	kubectl(t, "apply", "--server-side", "-f", filepath.Join(shared.root, "hack", "kind", "provider.yaml"))
	w.setSecret(t, "provider", "provider", "secret", providerSecret)
	kubectl(t, "rollout", "status", "--namespace=provider", "deployment/provider", "--timeout=3m")
}

// installPostgres starts a PostgreSQL server, and tells the operator where it is.
func (w *world) installPostgres(t *testing.T) {
	t.Helper()
	manifests, err := os.ReadFile(filepath.Join(shared.root, "hack", "kind", "postgres.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	password := rand.Text()
	apply(t, "postgres", strings.ReplaceAll(string(manifests), "image: POSTGRES_IMAGE", "image: "+*postgresImage))
	w.setSecret(t, "postgres", "postgres", "password", password)
	w.dsn = "postgres://orders:" + password + "@postgres.postgres.svc:5432/orders?sslmode=disable"
	w.setSecret(t, system, "order-operator-store", "dsn", w.dsn)
	kubectl(t, "rollout", "status", "--namespace=postgres", "statefulset/postgres", "--timeout=3m")
}

func (w *world) setSecret(t *testing.T, namespace, name, key, value string) {
	t.Helper()
	apply(t, namespace, fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: %s}\nstringData: {%s: %q}\n", name, key, value))
}

func (w *world) rollout(t *testing.T) {
	t.Helper()
	for _, workload := range w.workloads {
		kubectl(t, "rollout", "status", "--namespace", system, workload, "--timeout=4m")
	}
}

// useImage lets the workloads run another image, and waits until they do.
func (w *world) useImage(t *testing.T, name string) {
	t.Helper()
	for _, workload := range w.workloads {
		kubectl(t, "set", "image", "--namespace", system, workload, "manager="+name)
	}
	w.rollout(t)
}

// pods returns the names of the operator's pods that run and are to stay.
func (w *world) pods(t *testing.T) (names []string) {
	t.Helper()
	var list corev1.PodList
	selector := client.MatchingLabels{"app.kubernetes.io/name": "order-operator"}
	if err := shared.kind.Client.List(patiently(t), &list, client.InNamespace(system), selector); err != nil {
		t.Fatal(err)
	}
	for i := range list.Items {
		if pod := &list.Items[i]; pod.DeletionTimestamp == nil && pod.Status.Phase == corev1.PodRunning {
			names = append(names, pod.Name)
		}
	}
	return names
}

// restarts returns how often the containers of the operator's pods were started again.
func (w *world) restarts(t *testing.T) (sum int32) {
	t.Helper()
	for _, name := range w.pods(t) {
		pod, err := shared.kind.Pod(patiently(t), system, name)
		if err != nil {
			t.Fatal(err)
		}
		sum += harness.Restarts(pod)
	}
	return sum
}

// witness returns what the event store and the provider say now.
func (w *world) witness(t *testing.T) *harness.Witness {
	t.Helper()
	ctx := patiently(t)
	var witness *harness.Witness
	var err error
	if w.dsn == "" {
		witness, err = shared.kind.Witness(ctx, t.TempDir(), shared.provider)
	} else {
		witness = &harness.Witness{Others: []harness.Entries{shared.provider}}
		witness.Store, err = open.Store(ctx, w.forward(t))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := witness.Close(); err != nil {
			t.Error(err)
		}
	})
	return witness
}

var forwarding = regexp.MustCompile(`^Forwarding from (127\.0\.0\.1:[0-9]+) ->`)

// forward makes the database reachable from here until the test ends, and returns its DSN.
func (w *world) forward(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background()) //nolint:usetesting // ends after the witness is closed
	command := exec.CommandContext(ctx, "kubectl", "--context", "kind-"+shared.kind.Name, "port-forward",
		"--namespace=postgres", "--address=127.0.0.1", "pod/postgres-0", ":5432")
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = command.Wait()
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if match := forwarding.FindStringSubmatch(lines.Text()); match != nil {
			go func() { // what it says later must be read
				for lines.Scan() {
				}
			}()
			return strings.Replace(w.dsn, "postgres.postgres.svc:5432", match[1], 1)
		}
	}
	t.Fatalf("kubectl port-forward ended: %v", lines.Err())
	return ""
}

// volatile are kinds whose objects come and go by themselves.
var volatile = []string{"Event", "Lease", "EndpointSlice", "Endpoints", "ComponentStatus", "PodMetrics", "NodeMetrics"}

// everything lists all objects of the cluster by kind, namespace and name.
func everything(t *testing.T) (objects []string) {
	t.Helper()
	resources := strings.Fields(kubectl(t, "api-resources", "--verbs=list", "--output=name"))
	printed := kubectl(t, "get", strings.Join(resources, ","), "--all-namespaces", "--ignore-not-found", "--no-headers",
		"--output=custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name")
	for line := range strings.Lines(printed) {
		fields := strings.Fields(line)
		if len(fields) == 3 && !slices.Contains(volatile, fields[0]) && fields[1] != "kube-system" {
			objects = append(objects, strings.Join(fields, " "))
		}
	}
	return objects
}
