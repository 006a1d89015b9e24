// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controllers holds one room for each service and what they share. In each service's room, engine/ is the service without
// Kubernetes, and the package itself the reconcilers around it. The tests here step the reconcilers of all services by hand against a
// real API server.
package controllers
