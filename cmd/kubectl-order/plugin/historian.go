// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
)

const (
	// historyService is the Service of the history API, as the API server's proxy wants it named.
	historyService = "https:order-operator-history:https"
	// tokenSeconds is how long a token that is requested for a ServiceAccount is good for.
	tokenSeconds = 60 * 60
)

var errNoToken = errors.New("your kubeconfig logs in without a bearer token, such as by a client certificate, " +
	"which the API server does not pass on to the operator: add --as-serviceaccount NAMESPACE/NAME, " +
	"of a ServiceAccount that may get orders/history")

// historian is the client of the operator's history API.
type historian struct {
	services  rest.Interface
	namespace string // the operator's
}

// historian returns a client that sends the user's token, or that of --as-serviceaccount, in a header of its own.
func (p *plugin) historian(ctx context.Context, c *cluster) (*historian, error) {
	if p.impersonating() {
		return nil, misused("the history is read with your own token, which --as does not change: use --as-serviceaccount")
	}
	carrier := &tokenCarrier{}
	if p.serviceAccount != "" {
		token, err := c.requestToken(ctx, p.serviceAccount)
		if err != nil {
			return nil, err
		}
		carrier.token = token
	}
	config := rest.CopyConfig(c.config)
	config.Timeout = 0 // what is followed takes as long as it takes
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return &tokenCarrier{next: next, token: carrier.token}
	})
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	return &historian{services: client.CoreV1().RESTClient(), namespace: p.operatorNamespace}, nil
}

func (p *plugin) impersonating() bool {
	return *p.flags.Impersonate != "" || *p.flags.ImpersonateUID != "" || len(*p.flags.ImpersonateGroup) > 0
}

// requestToken returns a token that is good for reading the history, and for nothing else.
func (c *cluster) requestToken(ctx context.Context, account string) (string, error) {
	namespace, name, found := strings.Cut(account, "/")
	if !found || namespace == "" || name == "" {
		return "", misused("--as-serviceaccount %q: use NAMESPACE/NAME", account)
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		Audiences: []string{historyv1.Audience}, ExpirationSeconds: new(int64(tokenSeconds)),
	}}
	granted, err := c.core.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("--as-serviceaccount: request a token for %s: %w", account, explain(err))
	}
	return granted.Status.Token, nil
}

// tokenCarrier copies the token that the layers above have put into Authorization, wherever they had it from, into the
// header that the API server passes on. With a token of its own it sends that.
type tokenCarrier struct {
	next  http.RoundTripper
	token string
}

// RoundTrip implements http.RoundTripper.
func (t *tokenCarrier) RoundTrip(request *http.Request) (*http.Response, error) {
	value := request.Header.Get("Authorization")
	if t.token != "" {
		value = "Bearer " + t.token
	}
	if !strings.HasPrefix(value, "Bearer ") {
		return nil, errNoToken
	}
	request = request.Clone(request.Context())
	request.Header.Set(historyv1.TokenHeader, value)
	return t.next.RoundTrip(request)
}

// query is what a question adds to its path.
type query map[string]string

func (h *historian) request(path string, parameters query) *rest.Request {
	request := h.services.Get().Namespace(h.namespace).Resource("services").Name(historyService).SubResource("proxy").
		Suffix("history", "v1", path)
	for name, value := range parameters {
		request = request.Param(name, value)
	}
	return request
}

// scope is the path of a namespace, or of all if it is empty.
func scope(namespace string) string {
	if namespace == "" {
		return ""
	}
	return "namespaces/" + namespace + "/"
}

// ask decodes the answer into the document.
func (h *historian) ask(ctx context.Context, path string, parameters query, document any) error {
	body, err := h.stream(ctx, path, parameters)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	if err := json.NewDecoder(body).Decode(document); err != nil {
		return fmt.Errorf("the operator's answer can't be read: is it as new as this plugin? %w", err)
	}
	return nil
}

// stream opens an answer that is read as it comes.
func (h *historian) stream(ctx context.Context, path string, parameters query) (io.ReadCloser, error) {
	body, err := h.request(path, parameters).Stream(ctx)
	return body, h.explain(err)
}

// explain adds to an error what can be done about it, wherever on the way to the operator it comes from.
func (h *historian) explain(err error) error {
	var status apierrors.APIStatus
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errNoToken):
		return errNoToken
	case !errors.As(err, &status):
		return fmt.Errorf("ask the operator for the history: %w", err)
	}
	onTheWay := status.Status().Details != nil && status.Status().Details.Kind == "services"
	switch {
	case apierrors.IsForbidden(err) && onTheWay:
		return fmt.Errorf("%w: you may not reach the history API: ask for the role order-history-proxy in namespace %s",
			err, h.namespace)
	case apierrors.IsNotFound(err) && onTheWay:
		return fmt.Errorf("%w in namespace %s: is the operator installed there? Otherwise use --operator-namespace", err, h.namespace)
	case apierrors.IsServiceUnavailable(err):
		return fmt.Errorf("%w: is the operator running? See kubectl get pods -n %s; if it runs elsewhere, use --operator-namespace",
			err, h.namespace)
	}
	return err
}

// ordersHistory is what a reader needs the permission for.
var ordersHistory = schema.GroupResource{Group: historyv1.Group, Resource: historyv1.Resource}
