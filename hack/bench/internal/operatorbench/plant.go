// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operatorbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/hack/bench/internal/shop"
	"github.com/eventcore/order-operator/test/harness"
)

// plant is a control plane with everything that orders need.
type plant struct {
	folder  string
	cluster *harness.Cluster
	config  *rest.Config
	client  client.WithWatch
	// kubeconfig is the operators': each of them may do what the shipped roles allow.
	kubeconfig string
	// manager is the program of ours.
	manager string
	// servers are the processes of the control plane, by what the tables call them.
	servers map[string]int
	// orders counts those that were created, whose names are never used again.
	orders atomic.Int64
	// profiles is a folder for profiles of ours, empty for none, and profiled how many there are.
	profiles string
	profiled int
}

// assets names the variable that names the folder of etcd and the API server.
const assets = "KUBEBUILDER_ASSETS"

// startPlant builds the operator, and starts the control plane.
func startPlant(ctx context.Context, progress io.Writer) (_ *plant, err error) {
	p := &plant{}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.stop())
		}
	}()
	if os.Getenv(assets) == "" {
		return nil, fmt.Errorf("no control plane to start: set %[1]s, as in: export %[1]s=$(make -s controlplane-path)", assets)
	}
	root, err := harness.Root()
	if err != nil {
		return nil, err
	}
	if p.folder, err = os.MkdirTemp("", "bench-operator"); err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintln(progress, "building the manager")
	if p.manager, err = harness.BuildManager(ctx, root, p.folder); err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintln(progress, "starting etcd and the API server")
	if p.cluster, err = harness.StartCluster(ctx, harness.ClusterOptions{Root: root, Durable: true}); err != nil {
		return nil, err
	}
	if p.servers, err = children(map[string]string{"kube-apiserver": apiServer, "etcd": etcd}); err != nil {
		return nil, err
	}
	return p, errors.Join(p.connect(ctx), p.stock(ctx))
}

func (p *plant) connect(ctx context.Context) (err error) {
	admin := filepath.Join(p.folder, "admin.kubeconfig")
	p.kubeconfig = filepath.Join(p.folder, "operator.kubeconfig")
	err = errors.Join(
		p.cluster.WriteAdminKubeconfig(admin, shop.Namespace), p.cluster.WriteManagerKubeconfig(ctx, p.kubeconfig),
	)
	if err != nil {
		return err
	}
	if p.config, err = clientcmd.BuildConfigFromFlags("", admin); err != nil {
		return err
	}
	p.config.QPS = -1                  // the server says how fast
	p.config.DisableCompression = true // the watch of the load is not what is measured
	scheme := runtime.NewScheme()
	if err := commercev1.AddToScheme(scheme); err != nil {
		return err
	}
	p.client, err = client.NewWithWatch(p.config, client.Options{Scheme: scheme})
	return err
}

const providers = `
apiVersion: commerce.eventcore.dev/v1
kind: %s
metadata:
  name: default
spec:
  provider:
    simulated: {}
`

const product = `
apiVersion: commerce.eventcore.dev/v1
kind: Product
metadata:
  name: %s
spec:
  supply:
  - {source: %s, received: %d}
`

// stock creates the products, the gateway and the carrier.
func (p *plant) stock(ctx context.Context) error {
	if err := p.cluster.CreateNamespace(ctx, shop.Namespace); err != nil {
		return err
	}
	manifests := []string{fmt.Sprintf(providers, "PaymentGateway"), fmt.Sprintf(providers, "Carrier")}
	for number := range shop.Items {
		name := shop.Product(number).Name
		manifests = append(manifests, fmt.Sprintf(product, name, shop.Source, int64(shop.Supply)))
	}
	for _, manifest := range manifests {
		object := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict([]byte(manifest), &object.Object); err != nil {
			return err
		}
		if err := p.cluster.Apply(ctx, shop.Namespace, object); err != nil {
			return err
		}
	}
	return nil
}

func (p *plant) stop() error {
	var errs []error
	if p.cluster != nil {
		errs = append(errs, p.cluster.Stop())
	}
	if p.folder != "" {
		errs = append(errs, os.RemoveAll(p.folder))
	}
	return errors.Join(errs...)
}
