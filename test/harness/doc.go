// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package harness is what the demo and the tests of whole processes share: a control plane of its own, the manager as a process with
// exactly the rights that it is shipped with, and an audit of what it did.
//
//   - Cluster is an API server with the CRDs and the RBAC of config/. It applies manifests, watches, and asks for tables as kubectl does.
//   - Kind is a cluster that kind has made, with the operator in pods. It reads their volumes, and kills their containers.
//   - Manager is a process of cmd/manager. It can be killed.
//   - World is where the manager keeps its event store and its providers' ledgers. Books reads them, and Audit holds them against
//     each other and against the API server: money and stock must add up, whatever happened.
//
// Nothing here needs a *testing.T.
package harness
