// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// patch is a command of the manuals: kubectl patch KIND NAME --type merge -p 'PATCH'. The position of a question is the
// shell's.
var patch = regexp.MustCompile(`(?s)kubectl patch ([a-z]+) ([a-z0-9-]+) --type merge -p '(.*?})'\n`)

// TestManuals has the API server accept every manifest of the manuals, and every patch after them.
func TestManuals(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages (%v)", err)
	}
	manifests, patches := 0, 0
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(content), "kind: ") {
			continue
		}
		namespace, objects := newNamespace(t), map[string]*unstructured.Unstructured{}
		for _, block := range fenced(string(content), "yaml") {
			for manifest := range strings.SplitSeq(block, "\n---\n") {
				if strings.Contains(manifest, "apiVersion: kustomize.config.k8s.io/") {
					continue // for kubectl, and not for the API server
				}
				object := manualObject(t, page, namespace, manifest)
				objects[strings.ToLower(object.GetKind())+"/"+object.GetName()] = object
				manifests++
			}
		}
		for _, block := range fenced(string(content), "sh") {
			for _, command := range patch.FindAllStringSubmatch(block, -1) {
				object := objects[command[1]+"/"+command[2]]
				if object == nil {
					t.Errorf("%s patches %s %s, which it does not have", page, command[1], command[2])
					continue
				}
				manualPatch(t, page, object, command[3])
				patches++
			}
		}
	}
	if manifests < 6 || patches < 3 {
		t.Errorf("the manuals have %d manifests and %d patches", manifests, patches)
	}
}

// manualObject applies a manifest of a page. Objects of the cluster, which other tests have too, are only tried.
func manualObject(t *testing.T, page, namespace, manifest string) *unstructured.Unstructured {
	t.Helper()
	object := parse(t, namespace, manifest)
	options := []client.ApplyOption{client.ForceOwnership}
	if object.GetNamespace() == "" {
		options = append(options, client.DryRunAll)
	}
	if err := apply(t, object, options...); err != nil {
		t.Errorf("%s: %s %s: %v", page, object.GetKind(), object.GetName(), err)
	}
	return object
}

// manualPatch does what a command of a page does. An attempt may be raised only after the end, which the operator, which
// is not here, would have brought about.
func manualPatch(t *testing.T, page string, object *unstructured.Unstructured, content string) {
	t.Helper()
	if strings.Contains(content, `"attempt"`) {
		if err := api.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
			t.Fatal(err)
		}
		status := completedStatus()
		status["outcome"] = "Cancelled"
		if err := setStatus(t, object, status); err != nil {
			t.Fatal(err)
		}
	}
	content = strings.NewReplacer("'$position'", "7", `"actor":"ada"`, `"actor":"admin"`).Replace(content) // who patches here
	out, err := tryKubectl(t, "-n", object.GetNamespace(), "patch", strings.ToLower(object.GetKind()), object.GetName(),
		"--type", "merge", "-p", content)
	if err != nil || strings.Contains(out, "no change") || strings.Contains(out, "unknown field") {
		t.Errorf("%s: %s %s, patched by %s: %v\n%s", page, object.GetKind(), object.GetName(), content, err, out)
	}
}

// fenced returns the blocks of a page in the language.
func fenced(page, language string) []string {
	parts := strings.Split(page, "```"+language+"\n")[1:]
	for i := range parts {
		parts[i], _, _ = strings.Cut(parts[i], "```")
	}
	return parts
}
