// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// readers are ServiceAccounts of people's programs: one may read metrics and the history of the shop's orders, one may not.
const readers = `
apiVersion: v1
kind: ServiceAccount
metadata: {namespace: shop, name: reader}
---
apiVersion: v1
kind: ServiceAccount
metadata: {namespace: shop, name: stranger}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: order-operator-metrics-reader}
subjects: [{kind: ServiceAccount, namespace: shop, name: reader}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {namespace: shop, name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: order-history-viewer}
subjects: [{kind: ServiceAccount, namespace: shop, name: reader}]
`

// wantGuarded asks the processes for what not everybody may read. To know who asks, they need their own roles.
func wantGuarded(t *testing.T, running []*process) {
	t.Helper()
	apply(t, []byte(readers))
	reader, stranger := tokenOf(t, "reader"), tokenOf(t, "stranger")
	historians := 0
	for _, p := range running {
		wantStatus(t, p.name, p.metrics, "Authorization", reader, http.StatusOK)
		wantStatus(t, p.name, p.metrics, "Authorization", stranger, http.StatusForbidden)
		wantStatus(t, p.name, p.metrics, "Authorization", "", http.StatusUnauthorized)
		if p.history == "" {
			continue
		}
		historians++
		wantStatus(t, p.name, p.history, "X-Commerce-Authorization", reader, http.StatusOK)
		wantStatus(t, p.name, p.history, "X-Commerce-Authorization", stranger, http.StatusForbidden)
		wantStatus(t, p.name, p.history, "X-Commerce-Authorization", "", http.StatusUnauthorized)
	}
	if historians != 1 {
		t.Errorf("%d services serve the history, want one", historians)
	}
}

// tokenOf returns a token of the account in the shop's namespace.
func tokenOf(t *testing.T, account string) string {
	t.Helper()
	token, err := clients.CoreV1().ServiceAccounts(shop).CreateToken(t.Context(), account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return token.Status.Token
}

func wantStatus(t *testing.T, who, url, header, token string, status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set(header, "Bearer "+token)
	}
	unverified := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // self-signed
	defer unverified.CloseIdleConnections()
	response, err := unverified.Do(request)
	if err != nil {
		t.Errorf("%s: %v", who, err)
		return
	}
	_ = response.Body.Close()
	if response.StatusCode != status {
		t.Errorf("%s: %s answers %s, want %d", who, url, response.Status, status)
	}
}
