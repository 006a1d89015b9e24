// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const (
	// stopTimeout is how long the controllers have to end what they do, when they are asked to.
	stopTimeout = 20 * time.Second
	// frameTimeout leaves time for the calls to providers to end, too: together it is less than the 30 s of a pod.
	frameTimeout = 28 * time.Second
)

// newFrame returns the manager that lives as long as the process: it serves the probes and the metrics, whatever becomes of the
// store, and runs the process's sessions.
func newFrame(config *rest.Config, options options, p *process) (ctrl.Manager, error) {
	frame, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                  runtime.NewScheme(),
		Metrics:                 metricsOptions(options),
		HealthProbeBindAddress:  "0",
		PprofBindAddress:        options.pprofAddress,
		GracefulShutdownTimeout: new(frameTimeout),
	})
	if err != nil {
		return nil, fmt.Errorf("create the manager: %w", err)
	}
	if err := frame.Add(p); err != nil {
		return nil, fmt.Errorf("create the manager: %w", err)
	}
	if options.probeAddress == "0" {
		return frame, nil
	}
	if err := frame.Add(newProbes(options.probeAddress, p.health)); err != nil {
		return nil, fmt.Errorf("create the manager: %w", err)
	}
	return frame, nil
}

// metricsOptions has the API server decide who may read the metrics, unless everybody may.
func metricsOptions(options options) server.Options {
	served := server.Options{BindAddress: options.metricsAddress}
	if options.metricsSecure && options.metricsAddress != "0" {
		served.SecureServing = true
		served.FilterProvider = filters.WithAuthenticationAndAuthorization
	}
	return served
}
