// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"
)

const fieldOwner = client.FieldOwner("api-test")

var (
	// api is a client that is as strict about unknown fields as kubectl is.
	api client.Client

	environment *envtest.Environment
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run starts one API server for the whole package: starting is slow, and the server waits two seconds before it
// answers the first write to a new CRD.
func run(m *testing.M) (code int, err error) {
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		return 1, errors.New(`no API server to test against: run "make test", ` +
			`or "export KUBEBUILDER_ASSETS=$(make -s controlplane-path)"`)
	}
	environment = &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join("..", "..", "config", "crd", "bases")},
		ErrorIfCRDPathMissing: true,
		BinaryAssetsDirectory: assets,
	}
	config, err := environment.Start()
	if err != nil {
		return 1, fmt.Errorf("start the API server in %s: %w", assets, err)
	}
	defer func() { err = errors.Join(err, environment.Stop()) }()

	if api, err = strictClient(config); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

func strictClient(config *rest.Config) (client.Client, error) {
	lenient, err := client.New(config, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	return client.WithFieldValidation(lenient, metav1.FieldValidationStrict), nil
}

// newNamespace returns the name of a fresh namespace. It stays: nothing in the test server would empty it.
func newNamespace(t *testing.T) string {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := api.Create(t.Context(), namespace); err != nil {
		t.Fatalf("create a namespace: %v", err)
	}
	return namespace.Name
}

// parse reads one manifest into the namespace, without judging what it says.
func parse(t *testing.T, namespace, manifest string) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &object.Object); err != nil {
		t.Fatalf("parse the manifest: %v\n%s", err, manifest)
	}
	switch object.GetKind() {
	case "PaymentGateway", "Carrier": // cluster-scoped
	default:
		object.SetNamespace(namespace)
	}
	return object
}

// create creates what the manifest says and returns it as the server stored it.
func create(t *testing.T, namespace, manifest string) *unstructured.Unstructured {
	t.Helper()
	object := parse(t, namespace, manifest)
	if err := api.Create(t.Context(), object); err != nil {
		t.Fatalf("create %s %s: %v", object.GetKind(), object.GetName(), err)
	}
	return object
}

// apply does what "kubectl apply --server-side" does.
func apply(t *testing.T, object *unstructured.Unstructured, options ...client.ApplyOption) error {
	t.Helper()
	options = append(options, fieldOwner)
	return api.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(object.DeepCopy()), options...)
}

// with returns the manifest with one passage replaced, which must occur exactly once. An empty passage changes
// nothing.
func with(t *testing.T, manifest, old, replacement string) string {
	t.Helper()
	if old == "" {
		return manifest
	}
	if n := strings.Count(manifest, old); n != 1 {
		t.Fatalf("%q occurs %d times in the manifest, want once", old, n)
	}
	return strings.Replace(manifest, old, replacement, 1)
}

// wantRefusal fails the test unless the error is there and says everything that it should.
func wantRefusal(t *testing.T, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted, want a refusal that says %q", says)
	}
	for _, part := range says {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the refusal does not say %q: %v", part, err)
		}
	}
}
