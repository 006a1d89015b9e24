// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// options are the command line's.
type options struct {
	store                   string
	simulatedDir            string
	callTimeout             time.Duration
	namespace               string
	leaderElection          bool
	leaderElectionNamespace string
	metricsAddress          string
	probeAddress            string
	history                 historyOptions
	pprofAddress            string
	version                 bool
	log                     zap.Options
}

const usage = `manager carries Orders out: it reserves their stock, takes their payment and ships them, or undoes what was done.

Every fact is an event in the event store that --store names:
  memory:                  forgotten when the process ends; for trying things out
  sqlite:PATH              a file of this process on a local disk, such as sqlite:/var/lib/order-operator/events.db

PaymentGateways and Carriers of the providers 'webhook' and 'stripe' read their credentials from Secrets in --namespace, whenever
they use them. Those of the provider 'simulated' keep ledgers of their own in --simulated-dir, as real
providers would.

Usage:
  manager [flags]

Flags:
`

// parseOptions reads the command line. What is wrong with it, and the help, is written to output.
func parseOptions(arguments []string, output io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.Usage = func() {
		_, _ = fmt.Fprint(output, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.store, "store", "", "the event store's `DSN`; required")
	flags.StringVar(&o.simulatedDir, "simulated-dir", "",
		"the `folder` of the simulated providers' ledgers, which must be there; required unless --store is memory:")
	flags.DurationVar(&o.callTimeout, "call-timeout", 10*time.Second, "how long a provider may take to answer")
	flags.StringVar(&o.namespace, "namespace", "",
		"the operator's own `namespace`, whose Secrets hold the credentials of providers; empty is the pod's own, or order-system outside of pods")
	flags.BoolVar(&o.leaderElection, "leader-elect", false, "take turns with other replicas by a Lease")
	flags.StringVar(&o.leaderElectionNamespace, "leader-election-namespace", "",
		"the `namespace` of the Lease; empty is the pod's own")
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", "0", "where Prometheus metrics are served, such as :8080; 0 for nowhere")
	flags.StringVar(&o.probeAddress, "health-probe-bind-address", ":8081", "where /healthz and /readyz are served; 0 for nowhere")
	o.history.bind(flags)
	flags.StringVar(&o.pprofAddress, "pprof-bind-address", "0",
		"where profiles of this process are served, such as 127.0.0.1:6060; only loopback addresses, for anybody who gets there may read them; 0 for nowhere")
	flags.BoolVar(&o.version, "version", false, "print the version and exit")
	o.log.BindFlags(flags)
	config.RegisterFlags(flags)
	if err := flags.Parse(arguments); err != nil {
		return options{}, err
	}
	if err := o.validate(flags.Args()); err != nil {
		_, _ = fmt.Fprintf(output, "manager: %v\nRun 'manager --help' for usage.\n", err)
		return options{}, err
	}
	return o, nil
}

func (o *options) validate(arguments []string) error {
	if len(arguments) > 0 {
		return fmt.Errorf("unexpected argument %q: everything is set by flags", arguments[0])
	}
	if o.version {
		return nil
	}
	if o.store == "" {
		return errors.New("--store is required: use sqlite:PATH, or memory: to try things out")
	}
	if o.simulatedDir == "" && o.store != "memory:" {
		return errors.New("--simulated-dir is required with a store that lasts: the simulated providers would forget what they charged")
	}
	if o.callTimeout < 100*time.Millisecond || o.callTimeout > time.Hour {
		return fmt.Errorf("--call-timeout %s is out of range: use 100ms to 1h", o.callTimeout)
	}
	return errors.Join(o.history.validate(), loopback("--pprof-bind-address", o.pprofAddress))
}

// loopback refuses an address that other machines reach.
func loopback(name, address string) error {
	if address == "" || address == "0" {
		return nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%s %q: %w: use 127.0.0.1:PORT, or 0 for nowhere", name, address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%s %q is no loopback address: use 127.0.0.1:PORT, and kubectl port-forward", name, address)
	}
	return nil
}
