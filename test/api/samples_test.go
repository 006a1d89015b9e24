// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// TestSizes keeps the CRDs far below the 256 KiB that client-side apply can annotate, and what orders cost the API
// server in bounds: it is bytes that it spends its time on.
func TestSizes(t *testing.T) {
	t.Parallel()
	const kib = 1024
	tests := []struct {
		crd  string
		most int
	}{
		{"orders", 64 * kib},
		{"products", 16 * kib},
		{"paymentgateways", 16 * kib},
		{"carriers", 16 * kib},
	}
	for _, test := range tests {
		t.Run(test.crd, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("..", "..", "config", "crd", "bases", "commerce.eventcore.dev_"+test.crd+".yaml")
			document, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			document, err = yaml.YAMLToJSON(document)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d bytes of JSON", len(document))
			if len(document) > test.most {
				t.Errorf("the CRD has %d bytes of JSON, want at most %d", len(document), test.most)
			}
		})
	}
	t.Run("the status of a completed order", func(t *testing.T) {
		t.Parallel()
		status, err := json.Marshal(completedStatus())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d bytes of JSON", len(status))
		if len(status) > kib*6/5 {
			t.Errorf("the status has %d bytes of JSON, want at most 1.2 KiB", len(status))
		}
	})
}

// TestSamples has the API server accept every sample, and every sample be part of the kustomization.
func TestSamples(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	samples := filepath.Join("..", "..", "config", "samples")
	files, err := filepath.Glob(filepath.Join(samples, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples in %s (%v)", samples, err)
	}
	kustomization, err := os.ReadFile(filepath.Join(samples, "kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name == "kustomization.yaml" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(content, []byte("# ")) {
				t.Error("does not open with a comment that tells what to expect")
			}
			if !bytes.Contains(kustomization, []byte("- "+name+"\n")) {
				t.Error("is not part of kustomization.yaml")
			}
			for document := range bytes.SplitSeq(content, []byte("\n---\n")) {
				sample := &unstructured.Unstructured{}
				if err := yaml.Unmarshal(document, &sample.Object); err != nil {
					t.Fatal(err)
				}
				if sample.GetNamespace() != "" {
					t.Errorf("%s %s names a namespace", sample.GetKind(), sample.GetName())
				}
				sample = parse(t, namespace, string(document))
				if err := apply(t, sample, client.DryRunAll, client.ForceOwnership); err != nil {
					t.Errorf("%s %s: %v", sample.GetKind(), sample.GetName(), err)
				}
			}
		})
	}
}
