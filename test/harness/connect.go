// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"errors"
	"fmt"
	"net/http"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Connect returns a cluster that somebody else has started and installed, of the context in the kubeconfig that kubectl
// would use. Stop leaves it as it is.
func Connect(kubeContext string, options ClusterOptions) (*Cluster, error) {
	if options.FieldManager == "" {
		options.FieldManager = "harness"
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	overrides := &clientcmd.ConfigOverrides{CurrentContext: kubeContext}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig for the context %s: %w", kubeContext, err)
	}
	config.QPS = -1 // the API server limits us, nobody else
	c := &Cluster{options: options, config: config}
	return c, c.connect()
}

// Proxy returns how to reach a port of a Service, by its name, through the API server: the address, which has no slash
// at its end, and a client that may use it.
func (c *Cluster) Proxy(namespace, service, port string) (address string, httpClient *http.Client, err error) {
	httpClient, err = rest.HTTPClientFor(c.config)
	if err != nil {
		return "", nil, err
	}
	host, _, hostErr := rest.DefaultServerUrlFor(c.config)
	if hostErr != nil {
		return "", nil, errors.Join(errors.New("find the API server's address"), hostErr)
	}
	return host.JoinPath("api", "v1", "namespaces", namespace, "services", "http:"+service+":"+port, "proxy").String(), httpClient, nil
}
