// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/eventcore/order-operator/test/harness"
	"github.com/eventcore/order-operator/test/provider"
)

var (
	clusterName   = flag.String("cluster", "orders-e2e", "the kind cluster, which must run and hold the images")
	postgresImage = flag.String("postgres-image", "postgres:15", "the image of PostgreSQL")
	image         = flag.String("image", "order-operator:dev", "the operator's image")
	previousImage = flag.String("previous-image", "order-operator:previous", "the image of the commit before")
)

// patience bounds whatever is waited for: it is for machines that are busy with something else.
const patience = 4 * time.Minute

// lookEvery is how often something is looked at that tells nobody when it changes.
const lookEvery = 100 * time.Millisecond

var shared struct {
	root     string
	kind     *harness.Kind
	provider provider.Admin
}

func TestMain(m *testing.M) {
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	if err := connect(); err != nil {
		fmt.Fprintf(os.Stderr, "no cluster to test on: %v: use make test-e2e\n", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func connect() (err error) {
	if shared.root, err = harness.Root(); err != nil {
		return err
	}
	options := harness.ClusterOptions{Root: shared.root, FieldManager: "e2e"}
	if shared.kind, err = harness.ConnectKind(*clusterName, options); err != nil {
		return err
	}
	shared.provider, err = shared.kind.Provider()
	return err
}

// patiently returns a context that ends with the test, or when it takes too long.
func patiently(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), patience, errors.New("gave up after "+patience.String()))
	t.Cleanup(cancel)
	return ctx
}

// kubectl runs kubectl, which must succeed, and returns what it prints.
func kubectl(t *testing.T, arguments ...string) string {
	t.Helper()
	printed, err := shared.kind.Kubectl(patiently(t), arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return printed
}

// await returns once the question is answered with yes.
func await(t *testing.T, what string, question func(ctx context.Context) (bool, error)) {
	t.Helper()
	ctx := patiently(t)
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		yes, err := question(ctx)
		switch {
		case yes && err == nil:
			return
		case err != nil && ctx.Err() == nil:
			t.Fatalf("wait until %s: %v", what, err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("wait until %s: %v", what, context.Cause(ctx))
		}
	}
}

// key names an object.
func key(namespace, name string) client.ObjectKey {
	return client.ObjectKey{Namespace: namespace, Name: name}
}

// seconds is how tests tell how long something took.
func seconds(since time.Time) string { return fmt.Sprintf("%.1f s", time.Since(since).Seconds()) }
