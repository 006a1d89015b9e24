// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// newProbes returns the server of the probes. It is our own because that of the manager withholds why it is not ready.
func newProbes(address string, h *health) *manager.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(response http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(response, "ok") // whatever the store is at: a restart helps nobody
	})
	mux.HandleFunc("/readyz", func(response http.ResponseWriter, request *http.Request) {
		if err := h.ready(request.Context()); err != nil {
			http.Error(response, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(response, "ok")
	})
	return &manager.Server{
		Name:            "probes",
		Server:          &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second},
		ShutdownTimeout: new(time.Second),
	}
}
