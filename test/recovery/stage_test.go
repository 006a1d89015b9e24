// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package recovery_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/test/harness"
)

// patience bounds whatever is waited for: it is for machines that are busy with something else.
const patience = 4 * time.Minute

// shop is the namespace of all orders.
const shop = "shop"

// stage is a cluster with a shop, a store, and the providers' ledgers.
type stage struct {
	t       *testing.T
	ctx     context.Context //nolint:containedctx // the test's
	cluster *harness.Cluster
	world   harness.World
	folder  string
	store   string
	log     string
}

// newStage starts a cluster with products, providers, and a store that is not there yet: the World's own if dsn is empty.
func newStage(t *testing.T, dsn string) *stage {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	s := &stage{t: t, ctx: ctx, folder: t.TempDir(), store: dsn}
	s.log = filepath.Join(s.folder, "manager.log")
	var err error
	s.world, err = harness.NewWorld(filepath.Join(s.folder, "world"))
	s.must(err)
	if dsn == "" {
		s.store = s.world.DSN()
	}
	s.newCluster()
	t.Cleanup(s.printLog)
	return s
}

// newCluster takes the place of the cluster that there was, and has nothing of it.
func (s *stage) newCluster() {
	s.t.Helper()
	cluster, err := harness.StartCluster(s.ctx, harness.ClusterOptions{Root: root})
	s.must(err)
	s.t.Cleanup(func() { _ = cluster.Stop() })
	s.cluster = cluster
	s.must(cluster.WriteManagerKubeconfig(s.ctx, s.kubeconfig("")))
	s.must(cluster.CreateNamespace(s.ctx, shop))
	samples := filepath.Join(root, "config", "samples")
	s.must(cluster.ApplyFile(s.ctx, "", filepath.Join(samples, "gateway-and-carrier.yaml")))
	s.must(cluster.ApplyFile(s.ctx, shop, filepath.Join(samples, "products.yaml")))
}

func (s *stage) kubeconfig(service string) string {
	return filepath.Join(s.folder, "kubeconfig"+service)
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// start starts a manager with further flags, which is killed with the test at the latest.
func (s *stage) start(flags ...string) *harness.Manager {
	s.t.Helper()
	return s.startAs("", flags...)
}

func (s *stage) startAs(service string, flags ...string) *harness.Manager {
	s.t.Helper()
	manager, err := harness.StartManager(harness.ManagerOptions{
		Program: program, Kubeconfig: s.kubeconfig(service), World: s.world, Log: s.log,
		Arguments: append([]string{"--store=" + s.store}, flags...),
	})
	s.must(err)
	s.t.Cleanup(func() { _ = manager.Kill() })
	return manager
}

// ready starts a manager and waits until it is ready.
func (s *stage) ready(flags ...string) *harness.Manager {
	s.t.Helper()
	manager := s.start(flags...)
	s.must(manager.WaitReady(s.ctx))
	return manager
}

func (s *stage) stop(managers ...*harness.Manager) {
	s.t.Helper()
	for _, manager := range managers {
		s.must(manager.Stop(s.ctx))
	}
}

// command runs a subcommand of the manager, and returns what it said.
func (s *stage) command(arguments ...string) string {
	s.t.Helper()
	out, err := exec.CommandContext(s.ctx, program, arguments...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("manager %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return string(out)
}

// order applies orders by their names, each of which tells its token and its address: see manifest.
func (s *stage) order(names ...string) {
	s.t.Helper()
	for _, name := range names {
		s.must(s.cluster.Apply(s.ctx, shop, manifest(s.t, name)))
	}
}

// ended waits until the orders have ended.
func (s *stage) ended(names ...string) map[string]*commercev1.Order {
	s.t.Helper()
	orders, err := s.cluster.WaitForOrders(s.ctx, shop, names...)
	s.must(err)
	return orders
}

// endedIn waits until the statuses show that the orders have ended in the epoch: those of an earlier one tell of what was lost.
func (s *stage) endedIn(epoch int64, names ...string) map[string]*commercev1.Order {
	s.t.Helper()
	orders := map[string]*commercev1.Order{}
	err := s.cluster.WatchOrders(s.ctx, shop, func(order *commercev1.Order, _ bool) bool {
		if slices.Contains(names, order.Name) && order.Status.Outcome != "" && order.Status.History.Epoch >= epoch {
			orders[order.Name] = order
		}
		return len(orders) == len(names)
	})
	if err != nil {
		s.t.Fatalf("of %v only these have ended in epoch %d: %v: %v", names, epoch, slices.Collect(maps.Keys(orders)), err)
	}
	return orders
}

// settled waits until the statuses have caught up, and holds the events, the ledgers and the statuses against the rules.
func (s *stage) settled() *harness.Books {
	s.t.Helper()
	witness, err := s.world.WitnessOf(s.ctx, s.store)
	s.must(err)
	defer func() { s.must(witness.Close()) }()
	books, err := s.cluster.Settle(s.ctx, witness, shop)
	s.must(err)
	for _, violation := range harness.Audit(books) {
		s.t.Errorf("%v", violation)
	}
	return books
}

// chargedOnce wants each order charged once, if it was completed, and its goods shipped once.
func (s *stage) chargedOnce(books *harness.Books) {
	s.t.Helper()
	for id, order := range books.Orders {
		if len(order.Charges) > 1 || len(order.Shipments) > 1 {
			s.t.Errorf("%s: %d charges, %d shipments", id, len(order.Charges), len(order.Shipments))
		}
		if order.Completed == 1 && (len(order.Charges) != 1 || len(order.Refunds) != 0 || len(order.Shipments) != 1) {
			s.t.Errorf("%s is completed: %d charges, %d refunds, %d shipments",
				id, len(order.Charges), len(order.Refunds), len(order.Shipments))
		}
	}
}

// printLog shows what the managers of a test that failed have said last.
func (s *stage) printLog() {
	if !s.t.Failed() {
		return
	}
	content, err := os.ReadFile(s.log)
	if err != nil {
		return
	}
	var said []string
	for line := range strings.Lines(string(content)) {
		if strings.Contains(line, `"logger":"controller-runtime`) || !strings.Contains(line, `"level":"error"`) && !strings.Contains(line, `trusted`) {
			continue
		}
		line, _, _ = strings.Cut(line, `"stacktrace"`)
		said = append(said, strings.TrimSpace(line))
	}
	s.t.Logf("what the managers said last:\n%s", strings.Join(said[max(0, len(said)-40):], "\n"))
}

// manifest returns an Order of a mouse. The name ends with what is to become of it: declined, refused (by the carrier), slow, or
// anything else for an order that is completed.
func manifest(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()
	token, address := "sim_approve", "Ada Example"
	switch {
	case strings.HasSuffix(name, "declined"):
		token = "sim_decline"
	case strings.HasSuffix(name, "refused"):
		address = "SIM REFUSE"
	case strings.HasSuffix(name, "slow"):
		token = "sim_slow_1"
	}
	object := &unstructured.Unstructured{}
	err := yaml.UnmarshalStrict(fmt.Appendf(nil, `
apiVersion: commerce.eventcore.dev/v1
kind: Order
metadata:
  name: %s
spec:
  customer: {id: cust-1}
  currency: USD
  items: [{productName: mouse-001, quantity: 1, unitPrice: "150.00"}]
  payment: {token: %s}
  shipping: {address: {name: %s, lines: [1 Sample Street], city: Springfield, country: US}}
`, name, token, address), &object.Object)
	if err != nil {
		t.Fatal(err)
	}
	return object
}
