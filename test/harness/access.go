// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

const (
	// operatorAccount is the ServiceAccount of config/rbac.
	operatorAccount = "order-operator"
	// tokenSeconds is how long its token is good for: a day of trying things out.
	tokenSeconds = 24 * 60 * 60
)

// kustomization is what the harness understands of a kustomization.yaml.
type kustomization struct {
	Namespace string   `json:"namespace"`
	Resources []string `json:"resources"`
}

func readKustomization(folder string) (kustomization, error) {
	content, err := os.ReadFile(filepath.Join(folder, "kustomization.yaml"))
	if err != nil {
		return kustomization{}, err
	}
	var k kustomization
	if err := yaml.Unmarshal(content, &k); err != nil {
		return kustomization{}, fmt.Errorf("%s: %w", folder, err)
	}
	return k, nil
}

// installRBAC applies config/rbac, in the namespace that it names.
func (c *Cluster) installRBAC(ctx context.Context) error {
	folder := filepath.Join(c.options.Root, "config", "rbac")
	k, err := readKustomization(folder)
	if err != nil {
		return fmt.Errorf("read config/rbac: %w", err)
	}
	if err := c.CreateNamespace(ctx, k.Namespace); err != nil {
		return err
	}
	return c.apply(ctx, k.Namespace, folder, k.Resources)
}

// installPolicy applies config/policy.
func (c *Cluster) installPolicy(ctx context.Context) error {
	folder := filepath.Join(c.options.Root, "config", "policy")
	k, err := readKustomization(folder)
	if err != nil {
		return fmt.Errorf("read config/policy: %w", err)
	}
	return c.apply(ctx, "", folder, k.Resources)
}

func (c *Cluster) apply(ctx context.Context, namespace, folder string, files []string) error {
	for _, name := range files {
		if err := c.ApplyFile(ctx, namespace, filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}

// WriteManagerKubeconfig writes a kubeconfig, which only its owner can read, for the ServiceAccount of config/rbac: whoever uses it may do what
// the shipped roles allow, and nothing else.
func (c *Cluster) WriteManagerKubeconfig(ctx context.Context, path string) error {
	k, err := readKustomization(filepath.Join(c.options.Root, "config", "rbac"))
	if err != nil {
		return fmt.Errorf("read config/rbac: %w", err)
	}
	return c.writeAccountKubeconfig(ctx, path, k.Namespace, operatorAccount)
}

// WriteServiceKubeconfig is WriteManagerKubeconfig for an account of its own that has the rights of one service, and no others. It may be
// called once for each service.
func (c *Cluster) WriteServiceKubeconfig(ctx context.Context, path, service string, credentials bool) error {
	k, err := readKustomization(filepath.Join(c.options.Root, "config", "rbac"))
	if err != nil {
		return fmt.Errorf("read config/rbac: %w", err)
	}
	name := operatorAccount + "-" + service
	subjects := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: k.Namespace, Name: name}}
	objects := []client.Object{
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: k.Namespace, Name: name}},
		&rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name + "-alone"}, Subjects: subjects,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		},
	}
	if credentials {
		objects = append(objects, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: k.Namespace, Name: name + "-credentials"}, Subjects: subjects,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: operatorAccount + "-credentials"},
		})
	}
	for _, object := range objects {
		if err := c.Client.Create(ctx, object); err != nil {
			return fmt.Errorf("give the service %s its rights: %w", service, err)
		}
	}
	return c.writeAccountKubeconfig(ctx, path, k.Namespace, name)
}

func (c *Cluster) writeAccountKubeconfig(ctx context.Context, path, namespace, name string) error {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	token := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: new(int64(tokenSeconds))}}
	if err := c.Client.SubResource("token").Create(ctx, account, token); err != nil {
		return fmt.Errorf("request a token for serviceaccount/%s: %w", name, err)
	}
	return c.writeKubeconfig(path, namespace, &clientcmdapi.AuthInfo{Token: token.Status.Token})
}

// WriteAdminKubeconfig writes a kubeconfig, which only its owner can read, for the cluster's administrator. Commands that name no namespace
// use the given one.
func (c *Cluster) WriteAdminKubeconfig(path, namespace string) error {
	return c.writeKubeconfig(path, namespace, &clientcmdapi.AuthInfo{
		ClientCertificateData: c.config.CertData, ClientKeyData: c.config.KeyData,
	})
}

func (c *Cluster) writeKubeconfig(path, namespace string, user *clientcmdapi.AuthInfo) error {
	const name = "order-operator"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: c.config.Host, CertificateAuthorityData: c.config.CAData}
	config.AuthInfos[name] = user
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name, Namespace: namespace}
	config.CurrentContext = name
	content, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("encode a kubeconfig: %w", err)
	}
	return os.WriteFile(path, content, 0o600)
}
