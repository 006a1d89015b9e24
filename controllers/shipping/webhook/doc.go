// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package webhook is a carrier behind an HTTP API of our own design: docs/api/shipping-webhook.yaml describes it,
// docs/providers.md tells how to write one, and test/provider is one that misbehaves.
package webhook
