// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e tests what is shipped, on a cluster that kind has made: the image, every overlay of config/, the rights of
// each ServiceAccount, upgrades, disasters and the uninstallation. Orders are under way in each test, paid and shipped
// by a provider in a pod of its own that holds requests up; afterwards the checker finds no violation in the event store,
// the provider's ledger and the statuses.
//
// It needs docker, kind and kubectl, and minutes, hence its build tag: `make test-e2e` makes the cluster and the images,
// and removes them afterwards. See docs/demo-kind.md.
package e2e
