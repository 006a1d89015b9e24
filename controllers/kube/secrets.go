// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/calls"
)

// NotReady says why orders can't use a provider. Its reason is that of the condition.
type NotReady struct {
	Reason, Message string
}

// Error returns the message.
func (e *NotReady) Error() string { return e.Message }

// Secrets reads credentials when they are used: they are kept nowhere.
type Secrets struct {
	// Reader reads from the API server: there is no informer of Secrets.
	Reader client.Reader
	// Namespace is the operator's own, the only one whose Secrets it may read.
	Namespace string
}

// Read returns the data of the Secret. Its error wraps calls.ErrMisconfigured and a *NotReady if there is none, and
// calls.ErrUnavailable if the API server does not say.
func (s Secrets) Read(ctx context.Context, name string) (map[string][]byte, error) {
	var secret corev1.Secret
	err := s.Reader.Get(ctx, types.NamespacedName{Namespace: s.Namespace, Name: name}, &secret)
	switch {
	case apierrors.IsNotFound(err):
		return nil, s.notFound("Secret %s/%s is not there: create it", s.Namespace, name)
	case apierrors.IsForbidden(err):
		return nil, s.notFound("Secret %s/%s can't be read: let the operator's Role get it", s.Namespace, name)
	case err != nil:
		return nil, fmt.Errorf("%w: read Secret %s/%s: %w", calls.ErrUnavailable, s.Namespace, name, err)
	}
	return secret.Data, nil
}

// Key returns the value of the Secret's key.
func (s Secrets) Key(ctx context.Context, name, key string) ([]byte, error) {
	data, err := s.Read(ctx, name)
	if err != nil {
		return nil, err
	}
	value, ok := data[key]
	if !ok {
		return nil, s.notFound("Secret %s/%s has no key %s: add it", s.Namespace, name, key)
	}
	return value, nil
}

func (s Secrets) notFound(format string, arguments ...any) error {
	notReady := &NotReady{Reason: commercev1.ReasonSecretNotFound, Message: fmt.Sprintf(format, arguments...)}
	return fmt.Errorf("%w: %w", calls.ErrMisconfigured, notReady)
}
