// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// startPatience is how long a busy machine may take to start etcd or the API server.
const startPatience = time.Minute

// ClusterOptions configure a Cluster.
type ClusterOptions struct {
	// Root is the folder of the repository: see Root.
	Root string
	// Assets is the folder of kube-apiserver and etcd; what KUBEBUILDER_ASSETS names if empty.
	Assets string
	// FieldManager owns what is applied; "harness" if empty.
	FieldManager string
	// Durable has etcd wait for the disk at each write, as it does in earnest.
	Durable bool
}

// Cluster is a control plane on the loopback interface, with RBAC in force and the operator's CRDs and roles installed;
// or one that runs elsewhere: see Connect.
type Cluster struct {
	// Client is the administrator's. It is as strict about unknown fields as kubectl is.
	Client client.Client

	config      *rest.Config
	watcher     client.WithWatch
	environment *envtest.Environment
	options     ClusterOptions
}

// Root returns the folder of the repository, in which the working directory is.
func Root() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "PROJECT")); err == nil {
			return folder, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("not within the repository: change into it")
		}
		folder = parent
	}
}

// StartCluster starts etcd and an API server, and installs config/crd, config/rbac and config/policy. Starting can't be interrupted: when ctx ends
// meanwhile, what was started is stopped again.
func StartCluster(ctx context.Context, options ClusterOptions) (_ *Cluster, err error) {
	if options.Assets == "" {
		options.Assets = os.Getenv("KUBEBUILDER_ASSETS")
	}
	if options.Assets == "" {
		return nil, errors.New(`no API server to start: set KUBEBUILDER_ASSETS, ` +
			`as in: export KUBEBUILDER_ASSETS=$(make -s controlplane-path)`)
	}
	if options.FieldManager == "" {
		options.FieldManager = "harness"
	}
	c := &Cluster{options: options, environment: &envtest.Environment{
		CRDDirectoryPaths:        []string{filepath.Join(options.Root, "config", "crd", "bases")},
		ErrorIfCRDPathMissing:    true,
		BinaryAssetsDirectory:    options.Assets,
		ControlPlaneStartTimeout: startPatience,
		ControlPlaneStopTimeout:  startPatience,
	}}
	if options.Durable {
		c.environment.ControlPlane.Etcd = &envtest.Etcd{}
		c.environment.ControlPlane.Etcd.Configure().Set("unsafe-no-fsync", "false")
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Stop())
		}
	}()
	if c.config, err = c.environment.Start(); err != nil {
		return nil, fmt.Errorf("start the API server in %s: %w", options.Assets, err)
	}
	if err := c.connect(); err != nil {
		return nil, err
	}
	if err := errors.Join(c.installRBAC(ctx), c.installPolicy(ctx)); err != nil {
		return nil, err
	}
	return c, nil
}

// Stop stops the API server and etcd if StartCluster has started them, and forgets what they stored.
func (c *Cluster) Stop() error {
	if c.environment == nil {
		return nil
	}
	return c.environment.Stop()
}

func (c *Cluster) connect() error {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), commercev1.AddToScheme(scheme)); err != nil {
		return fmt.Errorf("register the API: %w", err)
	}
	var err error
	if c.watcher, err = client.NewWithWatch(c.config, client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	c.Client = client.WithFieldValidation(c.watcher, metav1.FieldValidationStrict)
	return nil
}

// CreateNamespace creates a namespace. It never goes away again: there is no controller that would empty it.
func (c *Cluster) CreateNamespace(ctx context.Context, name string) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := c.Client.Create(ctx, namespace); err != nil {
		return fmt.Errorf("create namespace %s: %w", name, err)
	}
	return nil
}
