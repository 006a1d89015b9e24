// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// providers are the kinds that say how a provider is called.
var providers = map[string]string{"a gateway": gatewayManifest, "a carrier": carrierManifest}

func TestHowAProviderIsCalledHasBounds(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	for _, test := range []struct {
		spec string
		says []string
	}{
		{"timeoutSeconds: 0", []string{"spec.timeoutSeconds", "greater than or equal to 1"}},
		{"timeoutSeconds: 301", []string{"spec.timeoutSeconds", "less than or equal to 300"}},
		{"timeoutSeconds: 1.5", []string{"timeoutSeconds", "integer"}},
		{"timeoutSeconds: 10s", []string{"timeoutSeconds", "integer"}},
		{"retry: {}", []string{"spec.retry", "should have at least 1 properties"}},
		{"retry: {initialBackoffMilliseconds: 9}", []string{"spec.retry.initialBackoffMilliseconds", "greater than or equal to 10"}},
		{"retry: {initialBackoffMilliseconds: 60001}", []string{"spec.retry.initialBackoffMilliseconds", "less than or equal to 60000"}},
		{"retry: {maxBackoffSeconds: 0}", []string{"spec.retry.maxBackoffSeconds", "greater than or equal to 1"}},
		{"retry: {maxBackoffSeconds: 3601}", []string{"spec.retry.maxBackoffSeconds", "less than or equal to 3600"}},
		{
			"retry: {initialBackoffMilliseconds: 2001, maxBackoffSeconds: 2}",
			[]string{"spec.retry", "initialBackoffMilliseconds must not exceed maxBackoffSeconds", "lower the one, or raise the other"},
		},
		{"retry: {initialBackoffMilliseconds: 30001}", []string{"spec.retry", "by default they are 250 ms and 30 s"}},
		{"circuitBreaker: {}", []string{"spec.circuitBreaker", "should have at least 1 properties"}},
		{"circuitBreaker: {failureThreshold: 0}", []string{"spec.circuitBreaker.failureThreshold", "greater than or equal to 1"}},
		{"circuitBreaker: {failureThreshold: 1001}", []string{"spec.circuitBreaker.failureThreshold", "less than or equal to 1000"}},
		{"circuitBreaker: {openSeconds: 0}", []string{"spec.circuitBreaker.openSeconds", "greater than or equal to 1"}},
		{"circuitBreaker: {openSeconds: 3601}", []string{"spec.circuitBreaker.openSeconds", "less than or equal to 3600"}},
		{"limits: {}", []string{"spec.limits", "should have at least 1 properties"}},
		{"limits: {requestsPerSecond: 0}", []string{"spec.limits.requestsPerSecond", "greater than or equal to 1"}},
		{"limits: {requestsPerSecond: 10001}", []string{"spec.limits.requestsPerSecond", "less than or equal to 10000"}},
		{"limits: {burst: 10}", []string{"spec.limits", "burst needs requestsPerSecond", "set it, or remove burst"}},
		{"limits: {requestsPerSecond: 10, burst: 10001}", []string{"spec.limits.burst", "less than or equal to 10000"}},
		{"limits: {concurrency: 3}", []string{"spec.limits.concurrency", "greater than or equal to 4"}},
		{"limits: {concurrency: 1025}", []string{"spec.limits.concurrency", "less than or equal to 1024"}},
	} {
		for kind, manifest := range providers {
			t.Run(kind+" with "+test.spec, func(t *testing.T) {
				t.Parallel()
				object := parse(t, namespace, with(t, manifest, "spec:\n", "spec:\n  "+test.spec+"\n"))
				wantRefusal(t, api.Create(t.Context(), object, client.DryRunAll), test.says...)
			})
		}
	}
}

func TestHowAProviderIsCalledMayBeSaidInFullOrInPart(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	for _, spec := range []string{
		"timeoutSeconds: 300",
		"retry: {initialBackoffMilliseconds: 10, maxBackoffSeconds: 1}",
		"retry: {maxBackoffSeconds: 3600}",
		"retry: {initialBackoffMilliseconds: 30000}",
		"circuitBreaker: {failureThreshold: 1, openSeconds: 3600}",
		"circuitBreaker: {openSeconds: 1}",
		"limits: {requestsPerSecond: 25}",
		"limits: {requestsPerSecond: 1, burst: 10000, concurrency: 4}",
		"limits: {concurrency: 1024}",
	} {
		for kind, manifest := range providers {
			t.Run(kind+" with "+spec, func(t *testing.T) {
				t.Parallel()
				object := parse(t, namespace, with(t, manifest, "spec:\n", "spec:\n  "+spec+"\n"))
				if err := api.Create(t.Context(), object, client.DryRunAll); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
