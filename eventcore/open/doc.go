// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package open opens a store by its DSN. It alone imports all stores, so that nobody else has to.
package open
