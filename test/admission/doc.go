// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package admission does what the API server does with an object before it stores it: the defaults, the schema and the
// CEL rules of a CustomResourceDefinition of config/crd, with the API server's own packages and without a server. It is
// for tests that have too many objects to ask one; those of test/api ask a real one.
package admission
