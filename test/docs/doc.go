// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package docs holds the manuals in docs/ to the code: their Go is that of examples which are compiled and run, their
// lists are complete, and their links lead somewhere. Their YAML is applied by test/api.
package docs
