// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"sigs.k8s.io/yaml"
)

// manifest is krew's, as its documentation describes it: kind Plugin of krew.googlecontainertools.github.com/v1alpha2.
type manifest struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string     `json:"version"`
		Homepage         string     `json:"homepage"`
		ShortDescription string     `json:"shortDescription"`
		Description      string     `json:"description"`
		Caveats          string     `json:"caveats"`
		Platforms        []platform `json:"platforms"`
	} `json:"spec"`
}

type platform struct {
	Selector struct {
		MatchLabels struct {
			OS   string `json:"os"`
			Arch string `json:"arch"`
		} `json:"matchLabels"`
	} `json:"selector"`
	URI    string `json:"uri"`
	SHA256 string `json:"sha256"`
	Bin    string `json:"bin"`
}

// render does what krew-release-bot does for a release.
func render(t *testing.T, tag string) manifest {
	t.Helper()
	content, err := os.ReadFile("../../.krew.yaml")
	if err != nil {
		t.Fatal(err)
	}
	functions := template.FuncMap{"addURIAndSha": func(address, tag string) (string, error) {
		var text bytes.Buffer
		inner, err := template.New("address").Parse(address)
		if err == nil {
			err = inner.Execute(&text, map[string]string{"TagName": tag})
		}
		return "uri: " + text.String() + "\n    sha256: " + strings.Repeat("0", 64), err
	}}
	outer, err := template.New("krew").Funcs(functions).Parse(string(content))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := outer.Execute(&text, map[string]string{"TagName": tag}); err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := yaml.UnmarshalStrict(text.Bytes(), &m); err != nil {
		t.Fatalf("%v:\n%s", err, text.String())
	}
	return m
}

func TestKrewUnderstandsTheManifest(t *testing.T) {
	m := render(t, "v1.2.3")
	if m.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || m.Kind != "Plugin" || m.Metadata.Name != "order" ||
		m.Spec.Version != "v1.2.3" {
		t.Errorf("it is %+v", m)
	}
	if n := len(m.Spec.ShortDescription); n == 0 || n > 50 || strings.HasSuffix(m.Spec.ShortDescription, ".") {
		t.Errorf("krew wants at most 50 characters without a full stop: %q", m.Spec.ShortDescription)
	}
}

// TestTheManifestNamesTheArchivesThatAreBuilt holds it against hack/plugin-archives.sh.
func TestTheManifestNamesTheArchivesThatAreBuilt(t *testing.T) {
	script, err := os.ReadFile("../../hack/plugin-archives.sh")
	if err != nil {
		t.Fatal(err)
	}
	built := strings.Fields(regexp.MustCompile(`(?m)^platforms=\((.*)\)$`).FindStringSubmatch(string(script))[1])
	var named []string
	for _, p := range render(t, "v1.2.3").Spec.Platforms {
		name := p.Selector.MatchLabels.OS + "_" + p.Selector.MatchLabels.Arch
		named = append(named, name)
		if want := "/download/v1.2.3/kubectl-order_v1.2.3_" + name + ".tar.gz"; !strings.HasSuffix(p.URI, want) {
			t.Errorf("%s is fetched from %s", name, p.URI)
		}
		if windows := p.Selector.MatchLabels.OS == "windows"; strings.HasSuffix(p.Bin, ".exe") != windows {
			t.Errorf("the program of %s is %s", name, p.Bin)
		}
	}
	if !slices.Equal(named, built) {
		t.Errorf("the manifest names %v, and built are %v", named, built)
	}
}
