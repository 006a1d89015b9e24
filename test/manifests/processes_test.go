// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/eventcore/postgres/pgtest"
	"github.com/eventcore/order-operator/test/provider"
	"github.com/eventcore/order-operator/test/provider/providertest"
)

// TestTheServicesNeedNoMoreThanTheyMay runs the four Deployments of the overlay microservices as processes, each with its
// ServiceAccount and the flags of its pod, on a real PostgreSQL. Together they carry orders out, and none of them is ever
// told that it may not do something.
func TestTheServicesNeedNoMoreThanTheyMay(t *testing.T) {
	manifests := build(t, "config/overlays/microservices")
	apply(t, manifests)
	server, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	dsn := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(dsn, []byte(server.Database(t)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var running []*process
	for _, w := range workloads(t, manifests) {
		running = append(running, startProcess(t, w, dsn))
	}
	for _, p := range running {
		if err := waitReady(t, p.probe, p.ended); err != nil {
			t.Fatalf("%s: %v\n%s", p.name, err, p.log)
		}
	}
	applyProviders(t, providertest.Start(t, provider.Options{}))
	for name, token := range map[string]string{"paid": "sim_approve", "declined": "sim_decline"} {
		applyOrder(t, name, token)
	}
	wantOutcome(t, "paid", commercev1.OutcomeCompleted)
	wantOutcome(t, "declined", commercev1.OutcomeCancelled)
	wantEvent(t, "declined")
	wantGuarded(t, running)
	wantDeleted(t)
	for _, p := range running {
		p.stop(t)
	}
}

// process is a manager that stands for a pod.
type process struct {
	name, probe, metrics, history string

	log     *bytes.Buffer
	command *exec.Cmd
	ended   chan error
}

// startProcess starts the manager with the pod's flags, save what only a pod has.
func startProcess(t *testing.T, w workload, dsn string) *process {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	writeKubeconfig(t, kubeconfig, w.pod.Spec.ServiceAccountName)
	local := map[string]string{
		"--store-file": dsn, "--health-probe-bind-address": freeAddress(t),
		"--metrics-bind-address": freeAddress(t), "--history-bind-address": freeAddress(t),
	}
	arguments := []string{"--kubeconfig=" + kubeconfig, "--namespace=" + own, "--leader-election-namespace=" + own}
	for _, argument := range w.manager().Args {
		name, _, _ := strings.Cut(argument, "=")
		if value, ok := local[name]; ok && !strings.HasSuffix(argument, "=0") {
			argument = name + "=" + value
		}
		arguments = append(arguments, argument)
	}
	p := &process{
		name: w.name, log: &bytes.Buffer{}, ended: make(chan error, 1),
		probe:   "http://" + local["--health-probe-bind-address"] + "/readyz",
		metrics: "https://" + local["--metrics-bind-address"] + "/metrics",
	}
	if !slices.Contains(arguments, "--history-bind-address=0") {
		p.history = "https://" + local["--history-bind-address"] + "/history/v1/namespaces/" + shop + "/orders/paid"
	}
	p.command = exec.CommandContext(t.Context(), manager, arguments...)
	p.command.Stdout, p.command.Stderr = p.log, p.log
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.command.Wait() }()
	return p
}

// stop asks the process to end, and looks through what it has logged.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := <-p.ended; err != nil {
		t.Errorf("%s: %v", p.name, err)
	}
	for line := range strings.Lines(p.log.String()) {
		if strings.Contains(line, "forbidden") || strings.Contains(line, "Forbidden") {
			t.Errorf("%s: %s", p.name, line)
		}
	}
}

// applyProviders makes a product, and a gateway and a carrier with credentials of the process.
func applyProviders(t *testing.T, process *provider.Process) {
	t.Helper()
	secret, err := process.WebhookOptions().Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	apply(t, fmt.Appendf(nil, `
apiVersion: v1
kind: Secret
metadata: {namespace: %[1]s, name: provider}
stringData: {secret: %[2]q}
---
apiVersion: commerce.eventcore.dev/v1
kind: PaymentGateway
metadata: {name: default}
spec: {provider: {webhook: {url: %[3]q, credentialsSecretName: provider}}}
---
apiVersion: commerce.eventcore.dev/v1
kind: Carrier
metadata: {name: default}
spec: {provider: {webhook: {url: %[3]q, credentialsSecretName: provider}}}
---
apiVersion: commerce.eventcore.dev/v1
kind: Product
metadata: {namespace: %[4]s, name: p-0}
spec: {supply: [{source: a, received: 10}]}
`, own, secret, process.URL(), shop))
}

// applyOrder creates an Order that is deleted by its operator when it has ended long enough, or after the test.
func applyOrder(t *testing.T, name, token string) {
	t.Helper()
	object := order(t, shop, "USD", []line{{1, "10.00"}})
	object.SetGenerateName("")
	object.SetName(name)
	object.Object["spec"].(map[string]any)["payment"] = map[string]any{"token": token}
	if err := api.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

func getOrder(t *testing.T, name string) *commercev1.Order {
	t.Helper()
	object := &commercev1.Order{}
	if err := api.Get(t.Context(), client.ObjectKey{Namespace: shop, Name: name}, object); err != nil {
		t.Fatal(err)
	}
	return object
}

func wantOutcome(t *testing.T, name string, outcome commercev1.OrderOutcome) {
	t.Helper()
	var last *commercev1.Order
	if !eventually(func() bool {
		last = getOrder(t, name)
		return last.Status.Outcome == outcome
	}) {
		t.Fatalf("order %s has the outcome %q, want %s: %+v", name, last.Status.Outcome, outcome, last.Status)
	}
}

// wantEvent waits for the warning about the order, in the namespace of the order.
func wantEvent(t *testing.T, name string) {
	t.Helper()
	if !eventually(func() bool {
		var events eventsv1.EventList
		if err := api.List(t.Context(), &events, client.InNamespace(shop)); err != nil {
			t.Fatal(err)
		}
		for i := range events.Items {
			if events.Items[i].Regarding.Name == name {
				return true
			}
		}
		return false
	}) {
		t.Errorf("no Event about order %s", name)
	}
}

// wantDeleted has the operator delete the Orders, whose time to live is over, and then take its finalizers off: whoever
// deletes gateway and carrier does not wait for long.
func wantDeleted(t *testing.T) {
	t.Helper()
	for _, name := range []string{"paid", "declined"} {
		object := getOrder(t, name)
		object.Spec.TTLSecondsAfterFinished = new(int32(0))
		if err := api.Update(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	if !eventually(func() bool {
		var orders commercev1.OrderList
		if err := api.List(t.Context(), &orders, client.InNamespace(shop)); err != nil {
			t.Fatal(err)
		}
		return len(orders.Items) == 0
	}) {
		t.Error("the Orders are still there after their time to live")
	}
	kubectl(t, nil, "delete", "paymentgateways,carriers", "--all", "--timeout=60s")
}

// eventually asks until the answer is yes, for at most a minute.
func eventually(ask func() bool) bool {
	patience := time.After(time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ask() {
		select {
		case <-patience:
			return false
		case <-tick.C:
		}
	}
	return true
}
