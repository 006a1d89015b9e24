// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package plugin is "kubectl order". One file holds one command; what they share is
//
//   - Run and the root command, in root.go,
//   - cluster, what the API server is asked for, in cluster.go,
//   - historian, the client of the operator's history API, in historian.go,
//   - table and painter, how answers are shown, in output.go.
//
// It writes nothing but the spec of Orders, and talks to nobody but the API server.
package plugin
