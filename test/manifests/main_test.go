// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/test/harness"
	"github.com/eventcore/order-operator/test/provider/providertest"
)

const (
	root = "../.."
	// own is the operator's namespace, shop one with Orders.
	own, shop = "order-system", "shop"
)

var (
	environment *envtest.Environment
	clients     kubernetes.Interface
	api         client.Client
	// manager is the program that was built of cmd/manager.
	manager string
	// kubeconfig is the administrator's.
	kubeconfig string
)

func TestMain(m *testing.M) {
	os.Exit(providertest.Run(func() int {
		code, err := run(m)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return code
	}))
}

func run(m *testing.M) (code int, err error) {
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		return 1, errors.New(`no API server to test against: run "make test", ` +
			`or "export KUBEBUILDER_ASSETS=$(make -s controlplane-path)"`)
	}
	folder, err := os.MkdirTemp("", "manifests")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if manager, err = harness.BuildManager(context.Background(), root, folder); err != nil {
		return 1, err
	}
	environment = &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join("testdata", "crds")},
		ErrorIfCRDPathMissing: true,
		BinaryAssetsDirectory: assets,
	}
	config, err := environment.Start()
	if err != nil {
		return 1, fmt.Errorf("start the API server in %s: %w", assets, err)
	}
	defer func() { err = errors.Join(err, environment.Stop()) }()
	kubeconfig = filepath.Join(folder, "kubeconfig")
	if err := os.WriteFile(kubeconfig, environment.KubeConfig, 0o600); err != nil {
		return 1, err
	}
	if clients, err = kubernetes.NewForConfig(config); err != nil {
		return 1, err
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), commercev1.AddToScheme(scheme)); err != nil {
		return 1, err
	}
	if api, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		return 1, err
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: shop}}
	if err := api.Create(context.Background(), namespace); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// kubectl runs the kubectl that belongs to the API server, as its administrator, and returns what it prints.
func kubectl(t *testing.T, input []byte, arguments ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(environment.BinaryAssetsDirectory, "kubectl"), arguments...)
	command.Env = []string{"HOME=" + t.TempDir(), "KUBECONFIG=" + kubeconfig} // a home of its own: no cache is stale
	command.Stdin = bytes.NewReader(input)
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(arguments, " "), err, stderr.String())
	}
	if warning := stderr.String(); warning != "" {
		t.Errorf("kubectl %s warns: %s", strings.Join(arguments, " "), warning)
	}
	return out
}

// apply applies the manifests for real, as deploying them does. The API server is strict about unknown fields, and any
// warning of it fails the test.
func apply(t *testing.T, manifests []byte) {
	t.Helper()
	kubectl(t, manifests, "apply", "--server-side", "--force-conflicts", "--filename=-")
}
