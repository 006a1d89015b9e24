// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tortureoperator

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/webhook"
	"github.com/eventcore/order-operator/eventcore/open"
	"github.com/eventcore/order-operator/eventcore/postgres/pgtest"
	"github.com/eventcore/order-operator/test/harness"
	"github.com/eventcore/order-operator/test/provider"
	"github.com/eventcore/order-operator/test/provider/providertest"
)

const (
	// leaseDuration is short, so that the next leader works soon enough to be killed in its turn.
	leaseDuration = 3 * time.Second
	// systemNamespace is the operator's own: see config/rbac.
	systemNamespace = "order-system"
	secretName      = "provider"
)

// world is a target with all that it stands on.
type world struct {
	target    target
	cluster   *harness.Cluster
	apiServer *harness.Daemon
	etcd      *harness.Daemon
	provider  *provider.Process
	postgres  *pgtest.Server
	// folder is the SQLite store's, dsn the store's.
	folder  string
	dsn     string
	keepers []*keeper
	orders  *orders
	tally   tally
}

func newWorld(t *testing.T, target target) *world {
	t.Helper()
	w := &world{target: target, folder: filepath.Join(t.TempDir(), "world")}
	root := must(harness.Root())(t)
	w.cluster = must(harness.StartCluster(t.Context(), harness.ClusterOptions{Root: root}))(t)
	t.Cleanup(func() { w.stop(t) })
	w.apiServer = must(harness.FindDaemon(harness.APIServer))(t)
	w.etcd = must(harness.FindDaemon(harness.Etcd))(t)
	w.provider = providertest.Start(t, provider.Options{})
	check(t, w.provider.SetPlan(t.Context(), plan()))
	w.fill(t)
	files := must(harness.NewWorld(w.folder))(t)
	w.dsn = files.DSN()
	if target.postgres {
		w.postgres = must(pgtest.Start())(t)
		t.Cleanup(func() { check(t, w.postgres.Stop()) })
		w.dsn = w.postgres.Database(t)
	}
	w.orders = &orders{client: w.cluster.Client}
	w.hire(t, root, files)
	return w
}

// stop ends the control plane. An API server does not end without its etcd.
func (w *world) stop(t *testing.T) {
	t.Helper()
	var err error
	if w.apiServer != nil {
		err = w.apiServer.Close()
	}
	err = errors.Join(err, w.cluster.Stop())
	if w.etcd != nil {
		err = errors.Join(err, w.etcd.Close())
	}
	check(t, err)
}

// plan loses replies, does things late, and refuses some.
func plan() provider.Plan {
	return provider.Plan{Seed: *seed, Rules: []provider.Rule{
		{Fault: provider.Refuse, Probability: new(0.1), Actions: []string{"charge", "authorize", "create"}},
		{Fault: provider.Late, Probability: new(0.02), Delay: provider.Duration(harness.CallTimeout + time.Second)},
		{Fault: provider.LoseReply, Probability: new(0.1), Verbs: []webhook.Verb{webhook.Do, webhook.Find, webhook.Cancel}},
	}}
}

// fill creates what the orders need.
func (w *world) fill(t *testing.T) {
	t.Helper()
	check(t, w.cluster.CreateNamespace(t.Context(), namespace))
	secret := must(w.provider.WebhookOptions().Credentials(t.Context()))(t)
	hook := &commercev1.WebhookProvider{URL: w.provider.URL(), CredentialsSecretName: secretName}
	named := metav1.ObjectMeta{Name: account}
	for _, object := range []client.Object{
		&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: systemNamespace, Name: secretName},
			Data:       map[string][]byte{"secret": secret},
		},
		&commercev1.PaymentGateway{ObjectMeta: named, Spec: commercev1.PaymentGatewaySpec{
			Provider: commercev1.PaymentGatewayProvider{Webhook: hook},
		}},
		&commercev1.Carrier{ObjectMeta: named, Spec: commercev1.CarrierSpec{
			Provider: commercev1.CarrierProvider{Webhook: hook},
		}},
		product("laptop-001", 1_000_000), product("mouse-001", 1_000_000), product(scarce, 50),
	} {
		check(t, w.cluster.Client.Create(t.Context(), object))
	}
}

func product(name string, units int64) *commercev1.Product {
	return &commercev1.Product{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       commercev1.ProductSpec{Supply: []commercev1.ProductSupply{{Source: "factory", Received: new(units)}}},
	}
}

// hire gets the managers' keepers.
func (w *world) hire(t *testing.T, root string, files harness.World) {
	t.Helper()
	folder := t.TempDir()
	options := harness.ManagerOptions{
		Program:    must(harness.BuildManager(t.Context(), root, folder))(t),
		Kubeconfig: filepath.Join(folder, "kubeconfig"), World: files, Log: filepath.Join(folder, "manager.log"),
		Arguments: []string{"--store=" + w.dsn, "--namespace=" + systemNamespace, "--history-bind-address=0"},
	}
	check(t, w.cluster.WriteManagerKubeconfig(t.Context(), options.Kubeconfig))
	life := 500 * time.Millisecond
	if w.target.elected {
		life = 4 * leaseDuration
		options.Arguments = append(options.Arguments, "--leader-elect",
			"--leader-election-namespace="+systemNamespace, "--leader-elect-lease-duration="+leaseDuration.String())
	}
	for range w.target.managers {
		w.keepers = append(w.keepers, &keeper{options: options, life: life})
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, err := os.ReadFile(options.Log)
			t.Logf("the end of the managers' log (%v):\n%s", err, log[max(0, len(log)-(16<<10)):])
		}
	})
}

// witness reads the store and the provider's ledger.
func (w *world) witness(ctx context.Context, t *testing.T) *harness.Witness {
	t.Helper()
	store := must(open.Store(ctx, w.dsn))(t)
	t.Cleanup(func() { check(t, store.Close()) })
	return &harness.Witness{Store: store, Others: []harness.Entries{ledgertest.Open(t, w.provider.Ledger())}}
}

func (w *world) killed() (sum int) {
	for _, k := range w.keepers {
		k.mu.Lock()
		sum += k.kills
		k.mu.Unlock()
	}
	return sum
}

func (w *world) endedThemselves() (sum int) {
	for _, k := range w.keepers {
		k.mu.Lock()
		sum += k.ended
		k.mu.Unlock()
	}
	return sum
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must returns the value to a test that ends if there is an error instead.
func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		check(t, err)
		return value
	}
}
