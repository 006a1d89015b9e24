// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// gracefulShutdown is how long controller-runtime's manager may take to stop.
const gracefulShutdown = 30

// admit has the API server admit the pods into the operator's namespace, whose labels ask for the restricted profile. To
// know that they are enforced it shows it a pod that breaks the profile, too.
func admit(t *testing.T, manifests []byte) {
	t.Helper()
	for _, w := range workloads(t, manifests) {
		pod := &corev1.Pod{ObjectMeta: w.pod.ObjectMeta, Spec: *w.pod.Spec.DeepCopy()}
		pod.Namespace, pod.Name = own, w.name
		for _, volume := range []string{"events"} { // of the StatefulSet's claim
			if slices.ContainsFunc(w.manager().VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == volume }) {
				pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{
					PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: volume},
				}})
			}
		}
		if err := api.Create(t.Context(), pod.DeepCopy(), client.DryRunAll); err != nil {
			t.Errorf("the pod of %s: %v", w.name, err)
		}
		pod.Spec.SecurityContext.SeccompProfile = nil
		if err := api.Create(t.Context(), pod, client.DryRunAll); err == nil || !strings.Contains(err.Error(), "seccompProfile") {
			t.Errorf("the pod of %s without a seccomp profile: got %v, want it to be refused", w.name, err)
		}
	}
}

// inspectPods holds the pods to what no profile asks for.
func inspectPods(t *testing.T, manifests []byte) {
	t.Helper()
	user, image := userOfImage(t), defaultImage(t)
	accounts := find[corev1.ServiceAccount](t, manifests, "ServiceAccount")
	for _, w := range workloads(t, manifests) {
		spec, container := w.pod.Spec, w.manager()
		if len(spec.Containers) != 1 || container.Image != image || container.ImagePullPolicy != corev1.PullIfNotPresent {
			t.Errorf("%s runs %d containers, the first of image %s (%s), want %s, pulled if not present",
				w.name, len(spec.Containers), container.Image, container.ImagePullPolicy, image)
		}
		if got := *spec.SecurityContext.RunAsUser; got != user {
			t.Errorf("%s runs as user %d, the image says %d", w.name, got, user)
		}
		if !*container.SecurityContext.ReadOnlyRootFilesystem {
			t.Errorf("%s may write to its root file system", w.name)
		}
		if got := *spec.TerminationGracePeriodSeconds; got <= gracefulShutdown {
			t.Errorf("%s is killed after %d s, before the manager has given up stopping after %d s", w.name, got, gracefulShutdown)
		}
		if !slices.ContainsFunc(accounts, func(a corev1.ServiceAccount) bool { return a.Name == spec.ServiceAccountName }) {
			t.Errorf("%s runs as ServiceAccount %q, which is not there", w.name, spec.ServiceAccountName)
		}
		for name, probe := range map[string]*corev1.Probe{
			"/healthz": container.LivenessProbe, "/readyz": container.ReadinessProbe,
		} {
			if probe == nil || probe.HTTPGet.Path != name {
				t.Errorf("%s: the probe of %s is %+v", w.name, name, probe)
				continue
			}
			wantPort(t, w.name, w, probe.HTTPGet.Port)
		}
		holdToMemory(t, w)
	}
}

// holdToMemory holds the collector's limit below the kernel's, and both above what is asked for.
func holdToMemory(t *testing.T, w workload) {
	t.Helper()
	container := w.manager()
	limit := container.Resources.Limits.Memory()
	request := container.Resources.Requests.Memory()
	for _, variable := range container.Env {
		if variable.Name != "GOMEMLIMIT" {
			continue
		}
		soft, err := resource.ParseQuantity(strings.TrimSuffix(variable.Value, "B"))
		if err != nil {
			t.Fatal(err)
		}
		if soft.Value() > limit.Value()*92/100 || soft.Value() < request.Value() || request.IsZero() {
			t.Errorf("%s asks for %s, collects from %s on and is killed at %s", w.name, request, &soft, limit)
		}
		return
	}
	t.Errorf("%s sets no GOMEMLIMIT", w.name)
}

// tryFlags has the manager parse the flags, and looks for each in its help.
func tryFlags(t *testing.T, manifests []byte) {
	t.Helper()
	help, _ := exec.CommandContext(t.Context(), manager, "--help").CombinedOutput()
	var known []string
	for _, match := range regexp.MustCompile(`(?m)^\s+--?([a-z-]+)`).FindAllStringSubmatch(string(help), -1) {
		known = append(known, match[1])
	}
	for _, w := range workloads(t, manifests) {
		container := w.manager()
		for _, argument := range container.Args {
			name, _, _ := strings.Cut(strings.TrimLeft(argument, "-"), "=")
			if !slices.Contains(known, name) {
				t.Errorf("%s sets --%s, which the manager's help does not know", w.name, name)
			}
		}
		out, err := exec.CommandContext(t.Context(), manager, append(container.Args, "--version")...).CombinedOutput()
		if err != nil {
			t.Errorf("%s: manager %s: %v\n%s", w.name, strings.Join(container.Args, " "), err, out)
		}
	}
}

// defaultImage returns the image that the Makefile builds by default.
func defaultImage(t *testing.T) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "make", "--silent", "--eval", "print-image: ; @echo $(IMG)", "print-image")
	command.Dir = root
	command.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "IMG=") || strings.HasPrefix(variable, "MAKE")
	})
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestInstallYAML has make write the manifests into one file, with an image of the user's.
func TestInstallYAML(t *testing.T) {
	const image = "registry.example.com/shop/order-operator:v1.2.3"
	command := exec.CommandContext(t.Context(), "make", "--silent", "dist/install.yaml", "IMG="+image)
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("make dist/install.yaml: %v\n%s", err, out)
	}
	content, err := os.ReadFile(filepath.Join(root, "dist", "install.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(string(build(t, "config/default")), "image: "+defaultImage(t)+"\n", "image: "+image+"\n")
	if string(content) != want {
		t.Error("dist/install.yaml is not config/default with the image")
	}
	for _, w := range workloads(t, content) {
		if w.manager().Image != image {
			t.Errorf("%s runs image %s", w.name, w.manager().Image)
		}
	}
	kubectl(t, content, "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "--filename=-")
}
