// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"os"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/eventcore/order-operator/controllers/history"
)

// historyOptions are those of the history API.
type historyOptions struct {
	address string
	certDir string
}

// podHistoryAddress is where the history API is served in a pod. Outside, another process may have the port.
const podHistoryAddress = ":8443"

func (o *historyOptions) bind(flags *flag.FlagSet) {
	flags.StringVar(&o.address, "history-bind-address", defaultHistoryAddress(),
		"where the read-only history API is served over HTTPS, for kubectl order; 0 for nowhere, which is the default outside of pods")
	flags.StringVar(&o.certDir, "history-cert-dir", "",
		"the `folder` with the tls.crt and tls.key of the history API; empty is a self-signed certificate")
}

func defaultHistoryAddress() string {
	if _, err := os.Stat(podNamespace); err != nil {
		return nowhere
	}
	return podHistoryAddress
}

// nowhere is the address of what is not served.
const nowhere = "0"

func (o *historyOptions) validate() error {
	if o.address == nowhere && o.certDir != "" {
		return errors.New("--history-cert-dir is of no use while --history-bind-address is 0: set both, or none")
	}
	return nil
}

// addHistory has every replica serve the history API. It returns the server, nil if there is none.
func addHistory(mgr ctrl.Manager, w *world, options historyOptions) (*history.Server, error) {
	if options.address == nowhere {
		return nil, nil //nolint:nilnil // documented
	}
	access, err := history.NewReviews(mgr.GetConfig())
	if err != nil {
		return nil, err
	}
	logger := mgr.GetLogger().WithName("history")
	server := &history.Server{
		Address: options.address, CertDir: options.certDir, Logger: logger,
		Handler: history.NewHandler(history.Options{Store: w.store, Access: access, Logger: logger, Clock: time.Now}),
	}
	return server, mgr.Add(server)
}
