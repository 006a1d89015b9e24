// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/eventcore/order-operator/eventcore/open"
	"github.com/eventcore/order-operator/test/provider"
)

// What config/default and hack/kind/provider.yaml call things.
const (
	// OperatorNamespace is where the operator is installed.
	OperatorNamespace = "order-system"
	// OperatorPod is the only one of config/default.
	OperatorPod = "order-operator-0"
	// ProviderNamespace and ProviderService are those of the provider in the cluster.
	ProviderNamespace = "provider"
	ProviderService   = "provider"

	program   = "/manager"
	storeFile = "events.db"
	// lookEvery is how often a pod is looked at.
	lookEvery = 100 * time.Millisecond
)

// Provider returns how to direct the provider in the cluster, and to read its ledger.
func (k *Kind) Provider() (provider.Admin, error) {
	address, httpClient, err := k.Proxy(ProviderNamespace, ProviderService, "admin")
	return provider.Admin{URL: address, Client: httpClient}, err
}

// Manager runs the operator's program in the pod, such as manager check, and returns what it prints.
func (k *Kind) Manager(ctx context.Context, pod string, arguments ...string) (string, error) {
	return k.Kubectl(ctx, append([]string{"exec", "--namespace", OperatorNamespace, pod, "--", program}, arguments...)...)
}

// storeClaim returns the claim of the event store's volume.
func (k *Kind) storeClaim(ctx context.Context) (string, error) {
	pod, err := k.Pod(ctx, OperatorNamespace, OperatorPod)
	if err != nil {
		return "", err
	}
	for _, volume := range pod.Spec.Volumes {
		if volume.PersistentVolumeClaim != nil {
			return volume.PersistentVolumeClaim.ClaimName, nil
		}
	}
	return "", errors.New("pod " + OperatorPod + " has no volume that lasts")
}

// Witness returns what the event store of config/default says, once nobody writes to it any more, and the provider's ledger.
// The copy of the store is in the folder; later events are not in it.
func (k *Kind) Witness(ctx context.Context, folder string, book Entries) (*Witness, error) {
	claim, err := k.storeClaim(ctx)
	if err != nil {
		return nil, err
	}
	if err := k.CopyFiles(ctx, OperatorNamespace, claim, storeFile, folder); err != nil {
		return nil, err
	}
	store, err := open.Store(ctx, "sqlite:"+filepath.Join(folder, storeFile))
	if err != nil {
		return nil, err
	}
	return &Witness{Store: store, Others: []Entries{book}}, nil
}

// Pod returns the pod.
func (c *Cluster) Pod(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	pod := &corev1.Pod{}
	return pod, c.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, pod)
}

// Restarts returns how often the pod's containers were started again.
func Restarts(pod *corev1.Pod) (restarts int32) {
	for i := range pod.Status.ContainerStatuses {
		restarts += pod.Status.ContainerStatuses[i].RestartCount
	}
	return restarts
}

// Ready reports whether the pod is, and is to stay.
func Ready(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	for i := range pod.Status.Conditions {
		if c := &pod.Status.Conditions[i]; c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// WaitForPod returns the pod once it is what is asked for. It may be missing before.
func (c *Cluster) WaitForPod(ctx context.Context, namespace, name string, wanted func(*corev1.Pod) bool) (*corev1.Pod, error) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		pod, err := c.Pod(ctx, namespace, name)
		switch {
		case err == nil && wanted(pod):
			return pod, nil
		case client.IgnoreNotFound(err) != nil && ctx.Err() == nil:
			return nil, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for pod %s: %w", name, context.Cause(ctx))
		}
	}
}
