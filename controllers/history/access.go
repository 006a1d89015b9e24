// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
)

const (
	// allowedFor and deniedFor are how long an answer of the API server is believed: a right that was taken away ends
	// within seconds, and who guesses tokens does not keep the API server busy.
	allowedFor = 10 * time.Second
	deniedFor  = 2 * time.Second
	// believed is how many answers are.
	believed = 4096
	// reviewsPerSecond, and reviewsAtOnce, are what the API server is asked at most.
	reviewsPerSecond = 50
	reviewsAtOnce    = 100
	// reviewTimeout is how long the API server may take.
	reviewTimeout = 10 * time.Second
)

// Access says who may read.
type Access interface {
	// Check returns the name of the user whom the token belongs to, if that user may read the history of the orders in
	// the namespace, or in all namespaces if it is empty; name is that of one order, or empty. Other errors than
	// apierrors.StatusError mean that nobody knows.
	Check(ctx context.Context, token, namespace, name string) (user string, err error)
}

// Reviews asks the API server who somebody is, and what they may do. It remembers the answers for some seconds. It never
// keeps a token: only what it hashes to.
type Reviews struct {
	client   kubernetes.Interface
	users    *cache.LRUExpireCache
	verdicts *cache.LRUExpireCache
}

// NewReviews returns an Access of the API server.
func NewReviews(config *rest.Config) (*Reviews, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst, config.Timeout = reviewsPerSecond, reviewsAtOnce, reviewTimeout
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for reviews of tokens: %w", err)
	}
	return &Reviews{client: client, users: cache.NewLRUExpireCache(believed), verdicts: cache.NewLRUExpireCache(believed)}, nil
}

// Check implements Access.
func (r *Reviews) Check(ctx context.Context, token, namespace, name string) (string, error) {
	user, err := r.user(ctx, token)
	if err != nil {
		return "", err
	}
	if user == nil {
		return "", unauthorized("the bearer token is not valid, or not any more: log in again")
	}
	allowed, err := r.allowed(ctx, user, namespace, name)
	if err != nil {
		return "", err
	}
	if !allowed {
		return "", forbidden(user.Username, namespace, name)
	}
	return user.Username, nil
}

// user returns nil for a token of nobody. A token may be limited to the history's audience; others are the API server's.
func (r *Reviews) user(ctx context.Context, token string) (*authenticationv1.UserInfo, error) {
	key := sha256.Sum256([]byte(token))
	if known, ok := r.users.Get(key); ok {
		return known.(*authenticationv1.UserInfo), nil
	}
	for _, audiences := range [][]string{nil, {historyv1.Audience}} {
		review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: audiences}}
		review, err := r.client.AuthenticationV1().TokenReviews().Create(ctx, review, metav1.CreateOptions{})
		if err != nil {
			return nil, reviewFailed("TokenReviews", err)
		}
		if review.Status.Authenticated {
			r.users.Add(key, &review.Status.User, allowedFor)
			return &review.Status.User, nil
		}
	}
	r.users.Add(key, (*authenticationv1.UserInfo)(nil), deniedFor)
	return nil, nil //nolint:nilnil // documented
}

// verdict is a question about a user.
type verdict struct{ user, namespace, name string }

func (r *Reviews) allowed(ctx context.Context, user *authenticationv1.UserInfo, namespace, name string) (bool, error) {
	// What the groups are belongs to the question: a token of the same user may have others.
	key := verdict{fmt.Sprint(user.Username, "\x00", user.UID, "\x00", user.Groups, "\x00", user.Extra), namespace, name}
	if known, ok := r.verdicts.Get(key); ok {
		return known.(bool), nil
	}
	extra := make(map[string]authorizationv1.ExtraValue, len(user.Extra))
	for k, v := range user.Extra {
		extra[k] = authorizationv1.ExtraValue(v)
	}
	resource, subresource, _ := strings.Cut(historyv1.Resource, "/")
	review, err := r.client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: user.Username, UID: user.UID, Groups: user.Groups, Extra: extra,
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Group: historyv1.Group, Resource: resource, Subresource: subresource, Verb: historyv1.Verb,
				Namespace: namespace, Name: name,
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, reviewFailed("SubjectAccessReviews", err)
	}
	allowed := review.Status.Allowed
	r.verdicts.Add(key, allowed, map[bool]time.Duration{true: allowedFor, false: deniedFor}[allowed])
	return allowed, nil
}

// reviewFailed hides the API server's own status: it is about the operator's rights, and not about the reader's.
func reviewFailed(kind string, err error) error {
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("the operator may not create %s: apply config/rbac: %s", kind, err.Error())
	}
	return fmt.Errorf("ask the API server by %s: %s", kind, err.Error())
}

// bearer returns the token of the request, empty if there is none.
func bearer(request *http.Request) string {
	for _, header := range []string{historyv1.TokenHeader, "Authorization"} {
		scheme, token, found := strings.Cut(request.Header.Get(header), " ")
		if found && strings.EqualFold(scheme, "Bearer") {
			return strings.TrimSpace(token)
		}
	}
	return ""
}
