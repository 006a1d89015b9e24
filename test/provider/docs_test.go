// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/test/provider"
	"github.com/eventcore/order-operator/test/provider/providertest"
)

// TestTheShellExampleOfTheDocumentationWorks runs it with a real provider.
func TestTheShellExampleOfTheDocumentationWorks(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("the example needs %s: install it (Debian: apt-get install bash curl openssl)", tool)
		}
	}
	page, err := os.ReadFile("../../docs/providers.md")
	if err != nil {
		t.Fatal(err)
	}
	process := providertest.Start(t, provider.Options{})
	secret, err := process.WebhookOptions().Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", block(t, string(page), "bash"))
	command.Env = append(os.Environ(), "url="+process.URL(), "secret="+string(secret))
	output, err := command.CombinedOutput()
	if want := block(t, string(page), "text"); err != nil || string(output) != want {
		t.Errorf("%v\n%s instead of\n%s", err, output, want)
	}
}

// block returns the only block of code in the language.
func block(t *testing.T, page, language string) string {
	t.Helper()
	parts := strings.Split(page, "```"+language+"\n")
	if len(parts) != 2 {
		t.Fatalf("there are %d blocks of %s", len(parts)-1, language)
	}
	code, _, _ := strings.Cut(parts[1], "```")
	return code
}
