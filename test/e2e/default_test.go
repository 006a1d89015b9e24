// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/test/harness"
)

// TestDefault is about config/default: one pod, with its events in a file on a volume.
func TestDefault(t *testing.T) {
	w := install(t, "default", "statefulset/order-operator")
	t.Run("every right is as documented", func(t *testing.T) { rightsAsDocumented(t, "order-operator") })
	t.Run("orders are carried out", func(t *testing.T) {
		t.Helper()
		w.amid(t, "undisturbed", func(*testing.T) {})
	})
	t.Run("the pod is killed in the middle of sagas", func(t *testing.T) {
		t.Helper()
		w.amid(t, "killed", w.killPod)
	})
	t.Run("the volume survives the pod", w.volumeSurvives)
	t.Run("the image is upgraded with orders in flight", w.upgrade)
	t.Run("a namespace is deleted with orders in flight", w.namespaceDeleted)
	t.Run("nothing is left behind", w.uninstall)
}

// killPod ends the container by SIGKILL, and returns when another one is ready.
func (w *world) killPod(t *testing.T) {
	t.Helper()
	ctx, begin, before := patiently(t), time.Now(), w.restarts(t)
	if err := shared.kind.Kill(ctx, system, harness.OperatorPod); err != nil {
		t.Fatal(err)
	}
	_, err := shared.kind.WaitForPod(ctx, system, harness.OperatorPod, func(pod *corev1.Pod) bool {
		return harness.Restarts(pod) == before+1 && harness.Ready(pod)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("ready again after %s", seconds(begin))
}

// volumeSurvives deletes the pod, and finds the orders in the store of the next one.
func (w *world) volumeSurvives(t *testing.T) {
	before, ctx := w.witness(t), patiently(t)
	head, err := before.Store.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, "delete", "pod", "--namespace", system, harness.OperatorPod, "--timeout=2m")
	w.rollout(t)
	after := w.witness(t)
	now, err := after.Store.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if before.Store.Identity().StoreID != after.Store.Identity().StoreID || now < head || head == 0 {
		t.Errorf("the store was %v at %d, and is %v at %d", before.Store.Identity(), head, after.Store.Identity(), now)
	}
	makeNamespace(t, "survived")
	order(t, "survived", "afterwards")
	w.end(t, "survived", "afterwards")
}

// upgrade lets the image of the commit before begin what the image of now ends.
func (w *world) upgrade(t *testing.T) {
	w.useImage(t, *previousImage)
	before := w.version(t)
	w.amid(t, "upgraded", func(t *testing.T) {
		t.Helper()
		begin := time.Now()
		w.useImage(t, *image)
		t.Logf("from %q to %q in %s", before, w.version(t), seconds(begin))
	})
	if now := w.version(t); now == before {
		t.Errorf("both images have %q: the previous one must be of another commit", now)
	}
}

// version is what the first pod's program says of itself.
func (w *world) version(t *testing.T) string {
	t.Helper()
	printed, err := shared.kind.Manager(patiently(t), w.pods(t)[0], "--version")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(printed)
}

// namespaceDeleted deletes a namespace while its orders are charged. It must not hang, and what was charged must be
// given back.
func (w *world) namespaceDeleted(t *testing.T) {
	const namespace = "deleted"
	makeNamespace(t, namespace)
	w.begin(t, namespace)
	begin := time.Now()
	kubectl(t, "delete", "namespace", namespace, "--timeout=1m")
	t.Logf("the namespace was gone after %s", seconds(begin))
	release(t)
	ctx := patiently(t)
	err := shared.kind.Client.Get(ctx, key("", namespace), &corev1.Namespace{})
	if !apierrors.IsNotFound(err) {
		t.Fatalf("the namespace is not gone: %v", err)
	}
	var open int
	await(t, "its orders have ended in the store", func(context.Context) (bool, error) {
		open = w.open(t, namespace)
		return open == 0, nil
	})
	t.Logf("its orders had ended after %s", seconds(begin))
	w.namespaces = append(w.namespaces, namespace)
	w.audit(t)
}

// open counts the namespace's orders that have not ended in the store.
func (w *world) open(t *testing.T, namespace string) (count int) {
	t.Helper()
	books, err := harness.ReadBooks(patiently(t), w.witness(t), shared.kind.Client, namespace)
	if err != nil {
		t.Fatal(err)
	}
	for _, book := range books.Orders {
		if book.Order.Created() && book.Order.Outcome == "" {
			count++
		}
	}
	return count
}

// statusOf returns the Order's Ready reason.
func statusOf(ctx context.Context, namespace, name string) (string, error) {
	object := &commercev1.Order{}
	err := shared.kind.Client.Get(ctx, key(namespace, name), object)
	return harness.Reason(object), err
}
