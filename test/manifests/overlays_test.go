// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"path/filepath"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// TestOverlays holds each overlay to what it promises, one after another: each is applied for real, over the one before.
func TestOverlays(t *testing.T) {
	for _, overlay := range overlays {
		t.Run(filepath.Base(overlay), func(t *testing.T) {
			plain := build(t, overlay)
			apply(t, plain)
			t.Run("the ServiceAccounts may do what they need and nothing else", func(t *testing.T) { holdToRoles(t, overlay, plain) })
			t.Run("the pods are admitted under the restricted profile", func(t *testing.T) { admit(t, plain) })
			t.Run("the pods are as they should be", func(t *testing.T) { inspectPods(t, plain) })
			t.Run("the manager takes the flags", func(t *testing.T) { tryFlags(t, plain) })
			t.Run("selectors meet what they are meant for", func(t *testing.T) { holdToSelectors(t, plain) })
			for _, component := range additions(t) {
				t.Run("with "+component, func(t *testing.T) {
					base := []string{component}
					if filepath.Dir(component) != "config/components" { // an addition to another one
						base = []string{filepath.Dir(component), component}
					}
					kubectl(t, build(t, overlay, base...), "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--filename=-")
				})
			}
			t.Run("with all components", func(t *testing.T) {
				all := build(t, overlay, additions(t)...)
				apply(t, all)
				holdToPorts(t, all)
			})
		})
	}
}

// TestEveryKustomizationBuilds covers what no overlay includes, samples among them.
func TestEveryKustomizationBuilds(t *testing.T) {
	whole, components := kustomizations(t)
	for _, folder := range overlays {
		if !slices.Contains(whole, folder) {
			t.Errorf("%s is no kustomization", folder)
		}
	}
	if len(components) < 4 {
		t.Errorf("found the components %q alone", components)
	}
	for _, folder := range whole {
		t.Run(folder, func(t *testing.T) { decode(t, build(t, folder)) })
	}
}

// TestSamplesAreAccepted has the API server look at all samples in one go, as whoever tries them out does.
func TestSamplesAreAccepted(t *testing.T) {
	apply(t, build(t, "config/crd"))
	kubectl(t, build(t, "config/samples"), "apply", "--server-side", "--dry-run=server", "--namespace="+shop, "--filename=-")
	apply(t, build(t, "config/manager"))
	kubectl(t, build(t, "config/samples/cloudnative-pg"),
		"apply", "--server-side", "--force-conflicts", "--dry-run=server", "--filename=-")
}

// holdToSelectors holds Services and PodDisruptionBudgets to the pods that they are meant for, and to ports that these have.
func holdToSelectors(t *testing.T, manifests []byte) {
	t.Helper()
	running := workloads(t, manifests)
	historians := []string{"order-operator"}
	if len(running) > 1 {
		historians = []string{"order-operator-order"}
	}
	var all []string
	for _, w := range running {
		all = append(all, w.name)
		selector, err := metav1.LabelSelectorAsSelector(w.selector)
		if err != nil {
			t.Fatal(err)
		}
		if got := selected(running, selector); !slices.Equal(got, []string{w.name}) {
			t.Errorf("%s selects the pods of %q, want its own", w.name, got)
		}
	}
	want := map[string][]string{"order-operator-metrics": all, "order-operator-history": historians}
	for _, service := range find[corev1.Service](t, manifests, "Service") {
		got := selected(running, labels.SelectorFromSet(service.Spec.Selector))
		if !slices.Equal(got, want[service.Name]) {
			t.Errorf("Service %s leads to %q, want %q", service.Name, got, want[service.Name])
		}
		for _, port := range service.Spec.Ports {
			wantPort(t, "Service "+service.Name, running[0], port.TargetPort)
		}
	}
	budgets := map[string]bool{}
	for _, budget := range find[policyv1.PodDisruptionBudget](t, manifests, "PodDisruptionBudget") {
		selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range selected(running, selector) {
			budgets[name] = true
		}
	}
	for _, w := range running {
		if budgets[w.name] != (w.replicas > 1) { // of one pod it would stop every drain
			t.Errorf("%s has %d replicas; a PodDisruptionBudget: %t", w.name, w.replicas, budgets[w.name])
		}
	}
}

// holdToPorts holds the NetworkPolicies' names of ports to those of the pods: an unknown one would open nothing.
func holdToPorts(t *testing.T, manifests []byte) {
	t.Helper()
	policies := find[networkingv1.NetworkPolicy](t, manifests, "NetworkPolicy")
	if len(policies) == 0 {
		t.Error("no NetworkPolicies")
	}
	for _, policy := range policies {
		for _, rule := range policy.Spec.Ingress {
			for _, port := range rule.Ports {
				wantPort(t, "NetworkPolicy "+policy.Name, workloads(t, manifests)[0], *port.Port)
			}
		}
	}
}

func wantPort(t *testing.T, who string, w workload, port intstr.IntOrString) {
	t.Helper()
	for _, open := range w.manager().Ports {
		if open.Name == port.StrVal && port.Type == intstr.String {
			return
		}
	}
	t.Errorf("%s leads to port %s, which %s has not named", who, port.String(), w.name)
}

// selected returns the names of the workloads whose pods the selector selects.
func selected(running []workload, selector labels.Selector) []string {
	var names []string
	for _, w := range running {
		if selector.Matches(labels.Set(w.pod.Labels)) {
			names = append(names, w.name)
		}
	}
	return names
}
