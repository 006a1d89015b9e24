// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package openapitest holds a webhook contract's OpenAPI file against the code that speaks the contract: the same fields and
// operations, examples that mean what they say, and exchanges of which both sides are in the file.
package openapitest
