// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/webhook"
)

// Keys of the Secret of a webhook provider.
const (
	secretKey = "secret"
	caKey     = "ca.crt"
)

// WebhookOptions returns the options of a provider's client, and what tells one state of the Secret from another. The secret
// that signs is read by each request. The error is a *NotReady if the Secret is to blame.
func (s Secrets) WebhookOptions(ctx context.Context, spec *commercev1.WebhookProvider) (options webhook.Options, settings string, err error) {
	data, err := s.Read(ctx, spec.CredentialsSecretName)
	if err != nil {
		return webhook.Options{}, "", err
	}
	if _, ok := data[secretKey]; !ok {
		_, err := s.Key(ctx, spec.CredentialsSecretName, secretKey)
		return webhook.Options{}, "", err
	}
	if err := webhook.CheckSecret(data[secretKey]); err != nil {
		return webhook.Options{}, "", s.invalid(spec.CredentialsSecretName, secretKey, err)
	}
	return webhook.Options{
		URL: spec.URL, CA: data[caKey], AllowHTTP: spec.PlainHTTP == commercev1.PlainHTTPAllowed,
		Credentials: func(ctx context.Context) ([]byte, error) { return s.Key(ctx, spec.CredentialsSecretName, secretKey) },
	}, fingerprint(data[secretKey], data[caKey]), nil
}

// fingerprint tells one credential from another without being one. It stays in memory.
func fingerprint(credentials ...[]byte) string {
	hash := sha256.New()
	for _, credential := range credentials {
		_, _ = fmt.Fprintf(hash, "%d:%s", len(credential), credential)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// invalid says that the key of the Secret is no credential. The error must not repeat it.
func (s Secrets) invalid(name, key string, err error) error {
	return &NotReady{
		Reason:  commercev1.ReasonSecretInvalid,
		Message: "Secret " + s.Namespace + "/" + name + ", key " + key + ": " + err.Error(),
	}
}

// Checked fails unless the value of the Secret's key can be the credential that it is meant for. It returns what tells the
// value from another.
func (s Secrets) Checked(ctx context.Context, name, key string, check func(string) error) (settings string, err error) {
	value, err := s.Key(ctx, name, key)
	if err != nil {
		return "", err
	}
	if err := check(string(value)); err != nil {
		return "", s.invalid(name, key, err)
	}
	return fingerprint(value), nil
}

// Misconfigured is the verdict on a spec that no provider can be made of.
func Misconfigured(err error) error {
	return &NotReady{Reason: commercev1.ReasonConfigurationInvalid, Message: err.Error()}
}

// NotSimulated is the verdict on a simulated provider where the manager keeps no ledger for it.
func NotSimulated() error {
	return &NotReady{
		Reason:  commercev1.ReasonConfigurationInvalid,
		Message: "Simulated providers are off: start the manager with --simulated-dir, or use another provider",
	}
}
