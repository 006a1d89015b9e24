// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTheProgramBringsCertificatesOfItsOwn looks, in a process of its own that finds none on this machine, whether the
// certificates of public authorities are known. test/manifests runs the program in an empty file system.
func TestTheProgramBringsCertificatesOfItsOwn(t *testing.T) {
	const child = "MANAGER_TEST_CERTIFICATES"
	if os.Getenv(child) == "" {
		missing := filepath.Join(t.TempDir(), "missing")
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		command.Env = append(os.Environ(), child+"=1", "SSL_CERT_FILE="+missing, "SSL_CERT_DIR="+missing)
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		t.Fatal(err)
	}
	if pool.Equal(x509.NewCertPool()) {
		t.Error("no authority is trusted: every call to a provider over HTTPS would fail")
	}
}
