// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// overlays are the ways to run the operator.
var overlays = []string{"config/default", "config/overlays/postgres", "config/overlays/microservices"}

// kustomizations returns the folders below config/ that kubectl can build by themselves, and the components, which can't.
func kustomizations(t *testing.T) (whole, components []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, "config"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "kustomization.yaml" {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var meta metav1.TypeMeta
		if err := yaml.Unmarshal(content, &meta); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if meta.Kind == "Component" {
			components = append(components, folder)
		} else {
			whole = append(whole, folder)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return whole, components
}

// additions returns the components that users add to an overlay: those in config/components.
func additions(t *testing.T) []string {
	t.Helper()
	_, components := kustomizations(t)
	return slices.DeleteFunc(components, func(folder string) bool { return !strings.HasPrefix(folder, "config/components/") })
}

// noteInputs looks at what the manifests and the manager are made of. A result of go test is reused until something changes
// that the test itself has looked at, and kubectl and the compiler are other processes.
var noteInputs = sync.OnceValue(func() error {
	for _, path := range []string{"Makefile", "api", "cmd", "config", "controllers", "docs", "eventcore", "go.mod"} {
		err := filepath.WalkDir(filepath.Join(root, path), func(_ string, _ fs.DirEntry, err error) error { return err })
		if err != nil {
			return err
		}
	}
	return nil
})

// build has kubectl build the overlay with the components, as a kustomization of a user does.
func build(t *testing.T, overlay string, components ...string) []byte {
	t.Helper()
	if err := noteInputs(); err != nil {
		t.Fatal(err)
	}
	if len(components) == 0 {
		return kubectl(t, nil, "kustomize", filepath.Join(root, overlay))
	}
	folder := t.TempDir()
	from := func(path string) string {
		absolute, err := filepath.Abs(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		relative, err := filepath.Rel(folder, absolute) // kustomize takes no absolute paths
		if err != nil {
			t.Fatal(err)
		}
		return "- " + relative + "\n"
	}
	var text strings.Builder
	text.WriteString("resources:\n" + from(overlay) + "components:\n")
	for _, component := range components {
		text.WriteString(from(component))
	}
	if err := os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return kubectl(t, nil, "kustomize", folder)
}

// decode returns the objects of the manifests.
func decode(t *testing.T, manifests []byte) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	for document := range bytes.SplitSeq(manifests, []byte("\n---\n")) {
		object := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict(document, &object.Object); err != nil {
			t.Fatal(err)
		}
		objects = append(objects, object)
	}
	return objects
}

// find returns the objects of the kind, as their Go type.
func find[T any](t *testing.T, manifests []byte, kind string) []T {
	t.Helper()
	var found []T
	for _, object := range decode(t, manifests) {
		if object.GetKind() != kind {
			continue
		}
		var typed T
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, &typed, true); err != nil {
			t.Fatalf("%s %s: %v", kind, object.GetName(), err)
		}
		found = append(found, typed)
	}
	return found
}

// workload is what runs pods of the operator.
type workload struct {
	name     string
	replicas int32
	selector *metav1.LabelSelector
	pod      corev1.PodTemplateSpec
}

// manager returns the workload's container.
func (w workload) manager() corev1.Container { return w.pod.Spec.Containers[0] }

// workloads returns the StatefulSets and Deployments.
func workloads(t *testing.T, manifests []byte) []workload {
	t.Helper()
	var found []workload
	for _, s := range find[appsv1.StatefulSet](t, manifests, "StatefulSet") {
		found = append(found, workload{s.Name, *s.Spec.Replicas, s.Spec.Selector, s.Spec.Template})
	}
	for _, d := range find[appsv1.Deployment](t, manifests, "Deployment") {
		found = append(found, workload{d.Name, *d.Spec.Replicas, d.Spec.Selector, d.Spec.Template})
	}
	if len(found) == 0 {
		t.Fatal("nothing runs pods")
	}
	return found
}
