// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/eventcore/order-operator/test/harness"
)

const leaseName = "order-operator.commerce.eventcore.dev"

// TestPostgres is about the overlay postgres: two replicas, one database.
func TestPostgres(t *testing.T) {
	w := install(t, "overlays/postgres", "deployment/order-operator")
	t.Run("orders are carried out", func(t *testing.T) {
		t.Helper()
		w.amid(t, "undisturbed", func(*testing.T) {})
	})
	t.Run("the leader ends in peace", func(t *testing.T) {
		t.Helper()
		w.handover(t, "peace", func(t *testing.T, leader string) {
			t.Helper()
			kubectl(t, "delete", "pod", "--namespace", system, leader, "--wait=false")
		})
	})
	t.Run("the leader is killed", func(t *testing.T) {
		t.Helper()
		w.handover(t, "sigkill", func(t *testing.T, leader string) {
			t.Helper()
			if err := shared.kind.Kill(patiently(t), system, leader); err != nil {
				t.Fatal(err)
			}
		})
	})
	t.Run("the leader's node is drained", w.drain)
	t.Run("PostgreSQL is killed", w.killPostgres)
	t.Run("PostgreSQL is stopped for a while", w.stopPostgres)
	t.Run("the image is upgraded with orders in flight", w.upgrade)
	t.Run("the network policies let the operator work", w.networkPolicies)
	t.Run("nothing is left behind", w.uninstall)
}

// leader returns the pod that holds the Lease.
func leader(ctx context.Context) (string, error) {
	lease := &coordinationv1.Lease{}
	if err := shared.kind.Client.Get(ctx, key(system, leaseName), lease); err != nil {
		return "", err
	}
	if lease.Spec.HolderIdentity == nil {
		return "", nil
	}
	pod, _, _ := strings.Cut(*lease.Spec.HolderIdentity, "_")
	return pod, nil
}

// holder is leader, with what tells a container from the next one of the same pod.
func holder(ctx context.Context) (string, error) {
	lease := &coordinationv1.Lease{}
	err := shared.kind.Client.Get(ctx, key(system, leaseName), lease)
	if err != nil || lease.Spec.HolderIdentity == nil {
		return "", err
	}
	return *lease.Spec.HolderIdentity, nil
}

// handover ends the leader in the middle of sagas. It tells when another one has taken over, and when an order is
// completed that came right after.
func (w *world) handover(t *testing.T, namespace string, end func(t *testing.T, leader string)) {
	t.Helper()
	w.amid(t, namespace, func(t *testing.T) {
		t.Helper()
		ctx := patiently(t)
		pod, err := leader(ctx)
		if err != nil || pod == "" {
			t.Fatalf("nobody leads: %v", err)
		}
		before, err := holder(ctx)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		end(t, pod)
		order(t, namespace, "next")
		await(t, "another one leads", func(ctx context.Context) (bool, error) {
			now, err := holder(ctx)
			return now != before && now != "", err
		})
		led := seconds(begin)
		if _, err := shared.kind.WaitForOrders(ctx, namespace, "next"); err != nil {
			t.Fatal(err)
		}
		t.Logf("handover: another replica led after %s, and the next order was completed after %s", led, seconds(begin))
	})
	w.rollout(t)
}

// drain drains the leader's node in the middle of sagas, as for its maintenance.
func (w *world) drain(t *testing.T) {
	w.amid(t, "drained", func(t *testing.T) {
		t.Helper()
		ctx := patiently(t)
		name, err := leader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		pod, err := shared.kind.Pod(ctx, system, name)
		if err != nil {
			t.Fatal(err)
		}
		begin, node := time.Now(), pod.Spec.NodeName
		t.Cleanup(func() {
			if _, err := shared.kind.Kubectl(context.Background(), "uncordon", node); err != nil { //nolint:usetesting // the test has ended
				t.Error(err)
			}
		})
		kubectl(t, "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=3m")
		w.rollout(t)
		t.Logf("node %s was drained, and all replicas were ready elsewhere, after %s", node, seconds(begin))
		for _, name := range w.pods(t) {
			if found, err := shared.kind.Pod(ctx, system, name); err == nil && found.DeletionTimestamp == nil && found.Spec.NodeName == node {
				t.Errorf("pod %s is still on the node", name)
			}
		}
	})
}

// killPostgres kills the database's container: its connections break, and it recovers from its log.
func (w *world) killPostgres(t *testing.T) {
	restarts := w.restarts(t)
	w.amid(t, "postgres-killed", func(t *testing.T) {
		t.Helper()
		ctx, begin := patiently(t), time.Now()
		if err := shared.kind.Kill(ctx, "postgres", "postgres-0"); err != nil {
			t.Fatal(err)
		}
		_, err := shared.kind.WaitForPod(ctx, "postgres", "postgres-0", func(pod *corev1.Pod) bool {
			return harness.Restarts(pod) > 0 && harness.Ready(pod)
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("PostgreSQL was ready again after %s", seconds(begin))
	})
	if now := w.restarts(t); now != restarts {
		t.Errorf("the operator was restarted %d times: a database that is away is no reason", now-restarts)
	}
}

// stopPostgres takes the database away long enough for the operator to say that it is not ready.
func (w *world) stopPostgres(t *testing.T) {
	restarts := w.restarts(t)
	w.amid(t, "postgres-stopped", func(t *testing.T) {
		t.Helper()
		kubectl(t, "scale", "--namespace=postgres", "statefulset/postgres", "--replicas=0")
		kubectl(t, "wait", "--namespace=postgres", "--for=delete", "pod/postgres-0", "--timeout=2m")
		kubectl(t, "wait", "--namespace", system, "--for=condition=Ready=false", "pod",
			"--selector=app.kubernetes.io/name=order-operator", "--timeout=2m")
		order(t, "postgres-stopped", "meanwhile")
		kubectl(t, "scale", "--namespace=postgres", "statefulset/postgres", "--replicas=1")
		kubectl(t, "rollout", "status", "--namespace=postgres", "statefulset/postgres", "--timeout=3m")
		begin := time.Now()
		w.rollout(t)
		if _, err := shared.kind.WaitForOrders(patiently(t), "postgres-stopped", "meanwhile"); err != nil {
			t.Fatal(err)
		}
		t.Logf("an order from meanwhile had ended %s after the database was back", seconds(begin))
	})
	if now := w.restarts(t); now != restarts {
		t.Errorf("the operator was restarted %d times: a database that is away is no reason", now-restarts)
	}
}

// networkPolicies closes the operator's namespace, first without the way to the database, to see whether the cluster
// enforces policies at all; then with it.
func (w *world) networkPolicies(t *testing.T) {
	testdata := shared.root + "/test/e2e/testdata/"
	t.Cleanup(func() {
		kubectl := func(arguments ...string) error {
			_, err := shared.kind.Kubectl(context.Background(), arguments...) //nolint:usetesting // the test has ended
			return err
		}
		if err := kubectl("delete", "networkpolicies", "--all", "--namespace", system); err != nil {
			t.Error(err)
		}
	})
	if _, err := w.reachesPostgres(t); err != nil {
		t.Fatalf("the database can't be reached without policies: %v", err)
	}
	kubectl(t, "apply", "--server-side", "-k", testdata+"network-policy-closed")
	enforced, _ := w.closes(t)
	kubectl(t, "apply", "--server-side", "-k", testdata+"network-policy")
	if enforced {
		t.Log("this cluster enforces network policies: without its own, the way to the database is closed")
	} else {
		t.Log("NOT TESTED: this cluster's network plug-in enforces no network policies; they were applied, that is all")
	}
	await(t, "the database can be reached", func(context.Context) (bool, error) {
		_, err := w.reachesPostgres(t)
		return err == nil, nil
	})
	w.amid(t, "behind-policies", func(t *testing.T) {
		t.Helper()
		kubectl(t, "rollout", "restart", "--namespace", system, "deployment/order-operator")
		w.rollout(t)
	})
}

// reachesPostgres has the operator's program read the store, by a connection of its own.
func (w *world) reachesPostgres(t *testing.T) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	pods := w.pods(t)
	slices.Sort(pods)
	return shared.kind.Manager(ctx, pods[0], "check", "--store="+w.dsn)
}

// closes reports whether the database can't be reached, for a while: policies take effect some time after they came.
func (w *world) closes(t *testing.T) (bool, error) {
	t.Helper()
	var err error
	for range 5 {
		if _, err = w.reachesPostgres(t); err != nil {
			return true, err
		}
	}
	return false, nil
}
