// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	// historyService is the Service of the history API in config/manager, historyPort its port's name.
	historyService = "order-operator-history"
	historyPort    = "https"
)

// FreeHostAddress returns an address of this machine that others could reach, with a port that nobody listens on at this
// moment: the API server's service proxy goes to no loopback address.
func FreeHostAddress(ctx context.Context) (string, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return "", fmt.Errorf("list the addresses of this machine: %w", err)
	}
	for _, address := range addresses {
		network, ok := address.(*net.IPNet)
		if !ok || network.IP.To4() == nil || !network.IP.IsGlobalUnicast() {
			continue
		}
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(network.IP.String(), "0"))
		if err != nil {
			return "", fmt.Errorf("find a free port: %w", err)
		}
		return listener.Addr().String(), listener.Close()
	}
	return "", errors.New("this machine has no IPv4 address but loopback's: give it one, such as by ip address add 192.0.2.1/32 dev lo")
}

// PublishHistory puts the Services of config/manager in front of a manager that serves the history API at the address, as
// if it ran in a pod: without a kube-controller-manager nobody else would write the endpoints, and the API server sends
// requests to addresses of pods alone.
func (c *Cluster) PublishHistory(ctx context.Context, address string) error {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("publish the history API: %w", err)
	}
	port, err := strconv.ParseInt(portText, 10, 32)
	if err != nil {
		return fmt.Errorf("publish the history API: %w", err)
	}
	if err := c.ApplyFile(ctx, "", filepath.Join(c.options.Root, "config", "manager", "services.yaml")); err != nil {
		return err
	}
	k, err := readKustomization(filepath.Join(c.options.Root, "config", "rbac"))
	if err != nil {
		return fmt.Errorf("read config/rbac: %w", err)
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: k.Namespace, Name: "order-operator-0"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "manager", Image: "none"}}},
	}
	if err := c.Client.Create(ctx, pod); err != nil {
		return fmt.Errorf("create pod %s: %w", pod.Name, err)
	}
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, PodIP: host, PodIPs: []corev1.PodIP{{IP: host}}}
	if err := c.Client.Status().Update(ctx, pod); err != nil {
		return fmt.Errorf("say where pod %s is: %w", pod.Name, err)
	}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: k.Namespace, Name: historyService, Labels: map[string]string{discoveryv1.LabelServiceName: historyService},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{host}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: k.Namespace, Name: pod.Name, UID: pod.UID},
		}},
		Ports: []discoveryv1.EndpointPort{{Name: new(historyPort), Port: new(int32(port))}},
	}
	if err := c.Client.Create(ctx, slice); err != nil {
		return fmt.Errorf("create the endpoints of %s: %w", historyService, err)
	}
	return nil
}

// WriteAccountKubeconfig creates a ServiceAccount, which has no rights yet, writes a kubeconfig with a token of it, and
// returns the token.
func (c *Cluster) WriteAccountKubeconfig(ctx context.Context, path, namespace, name string) (token string, err error) {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	if err := c.Client.Create(ctx, account); err != nil {
		return "", fmt.Errorf("create serviceaccount/%s: %w", name, err)
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: new(int64(tokenSeconds))}}
	if err := c.Client.SubResource("token").Create(ctx, account, request); err != nil {
		return "", fmt.Errorf("request a token for serviceaccount/%s: %w", name, err)
	}
	return request.Status.Token, c.writeKubeconfig(path, namespace, &clientcmdapi.AuthInfo{Token: request.Status.Token})
}
