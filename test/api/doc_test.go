// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package api_test holds the API against a real API server: what it accepts and refuses, what a refusal says, and
// what kubectl shows. No operator runs here, so what is seen is what the CRDs alone do.
package api_test
