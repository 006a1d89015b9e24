// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

const (
	// fieldManager owns what the plugin writes.
	fieldManager = "kubectl-order"
	// page is how many objects are listed at once.
	page = 500
)

// The resources of the API.
const (
	orders   = "orders"
	products = "products"
	gateways = "paymentgateways"
	carriers = "carriers"
)

// cluster is what the API server is asked for.
type cluster struct {
	config *rest.Config
	// commerce talks about our own resources, core about Kubernetes'.
	commerce rest.Interface
	core     kubernetes.Interface
	scheme   *runtime.Scheme
	// namespace is the one that was chosen, by -n or in the kubeconfig.
	namespace string
}

func (p *plugin) connect() (*cluster, error) {
	config, err := p.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w", err)
	}
	config.WarningHandler = rest.NewWarningWriter(p.Streams.ErrOut, rest.WarningWriterOptions{Deduplicate: true})
	namespace, _, err := p.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, fmt.Errorf("find the namespace: %w", err)
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(commercev1.AddToScheme(scheme), metav1.AddMetaToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("register the API: %w", err)
	}
	c := &cluster{config: config, scheme: scheme, namespace: namespace}
	own := rest.CopyConfig(config)
	own.GroupVersion, own.APIPath = &commercev1.GroupVersion, "/apis"
	own.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	if c.commerce, err = rest.RESTClientFor(own); err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	if c.core, err = kubernetes.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	return c, nil
}

// get reads one object; namespace is empty for those that have none.
func (c *cluster) get(ctx context.Context, resource, namespace, name string, into runtime.Object) error {
	err := c.commerce.Get().NamespaceIfScoped(namespace, namespace != "").Resource(resource).Name(name).Do(ctx).Into(into)
	if err != nil {
		return explain(err)
	}
	return c.complete(into)
}

// complete gives the object the kind that decoding takes away.
func (c *cluster) complete(object runtime.Object) error {
	kinds, _, err := c.scheme.ObjectKinds(object)
	if err != nil {
		return err
	}
	object.GetObjectKind().SetGroupVersionKind(kinds[0])
	return nil
}

// list calls see for each page of objects; namespace is empty for all.
func (c *cluster) list(
	ctx context.Context, resource, namespace, selector string, into runtime.Object, see func() error,
) error {
	following := ""
	for {
		err := c.commerce.Get().NamespaceIfScoped(namespace, namespace != "").Resource(resource).
			Param("limit", strconv.Itoa(page)).Param("continue", following).Param("labelSelector", selector).
			Do(ctx).Into(into)
		if err != nil {
			return explain(err)
		}
		if err := see(); err != nil {
			return err
		}
		list, err := apimeta.ListAccessor(into)
		if err != nil {
			return err
		}
		if following = list.GetContinue(); following == "" {
			return nil
		}
	}
}

// patch changes the spec of an Order, and returns the Order as it is then.
func (c *cluster) patch(ctx context.Context, name string, spec map[string]any, dryRun bool) (*commercev1.Order, error) {
	body, err := json.Marshal(map[string]any{"spec": spec})
	if err != nil {
		return nil, err
	}
	request := c.commerce.Patch(types.MergePatchType).Namespace(c.namespace).Resource(orders).Name(name).
		Param("fieldManager", fieldManager).Param("fieldValidation", metav1.FieldValidationStrict)
	if dryRun {
		request = request.Param("dryRun", metav1.DryRunAll)
	}
	order := &commercev1.Order{}
	if err := request.Body(body).Do(ctx).Into(order); err != nil {
		return nil, explain(err)
	}
	return order, c.complete(order)
}

// names lists the names of objects.
func (c *cluster) names(ctx context.Context, resource, namespace string) ([]types.NamespacedName, error) {
	config := rest.CopyConfig(c.config)
	config.AcceptContentTypes = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
	config.GroupVersion, config.APIPath = &commercev1.GroupVersion, "/apis"
	config.NegotiatedSerializer = clientgoscheme.Codecs.WithoutConversion()
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, err
	}
	var found []types.NamespacedName
	objects := &metav1.PartialObjectMetadataList{}
	light := *c
	light.commerce = client
	err = light.list(ctx, resource, namespace, "", objects, func() error {
		for i := range objects.Items {
			found = append(found, types.NamespacedName{Namespace: objects.Items[i].Namespace, Name: objects.Items[i].Name})
		}
		return nil
	})
	return found, err
}

// explain adds to an error of the API server what can be done about it.
func explain(err error) error {
	switch {
	case utilnet.IsConnectionRefused(err):
		return fmt.Errorf("%w: is this the right cluster? See kubectl config current-context", err)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%w: log in again, or check --kubeconfig and --context", err)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%w: ask for one of the roles in config/rbac", err)
	case apierrors.IsNotFound(err) && !knowsObject(err):
		return fmt.Errorf("%w: is the operator installed in this cluster? Its CustomResourceDefinitions are missing", err)
	}
	return err
}

// knowsObject tells an object that is not there from a resource that is not.
func knowsObject(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Details != nil && status.Status().Details.Name != ""
}

func asList(objects []runtime.Object) runtime.Object {
	list := &metav1.List{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "List"}, Items: []runtime.RawExtension{}}
	for _, object := range objects {
		list.Items = append(list.Items, runtime.RawExtension{Object: object})
	}
	return list
}
