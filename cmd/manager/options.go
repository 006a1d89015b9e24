// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore/open"
)

// options are the command line's.
type options struct {
	services                services
	store                   string
	storeFile               string
	acceptRollback          bool
	adoptStore              bool
	simulatedDir            string
	callTimeout             time.Duration
	namespace               string
	leaderElection          bool
	leaderElectionNamespace string
	leaseDuration           time.Duration
	metricsAddress          string
	metricsSecure           bool
	probeAddress            string
	history                 historyOptions
	pprofAddress            string
	traceEndpoint           string
	version                 bool
	log                     zap.Options
}

const usage = `manager carries Orders out: it reserves their stock, takes their payment and ships them, or undoes what was done.

Every fact is an event in the event store that --store names, or the file of --store-file:
  memory:                  forgotten when the process ends; for trying things out
  sqlite:PATH              a file on a local disk, such as sqlite:/var/lib/order-operator/events.db
  postgres://USER:PASSWORD@HOST:PORT/DATABASE
                           a PostgreSQL database (13 or later), in its schema eventcore, for several replicas or for
                           services apart. Behind PgBouncer its parameter listen holds the (escaped) DSN that leads past
                           it: without one, news of other processes takes 100 ms:
                           postgres://pooler/orders?listen=postgres%3A%2F%2Fserver%2Forders

PaymentGateways and Carriers of the providers 'webhook' and 'stripe' read their credentials from Secrets in --namespace, whenever
they use them. Those of the provider 'simulated' keep ledgers of their own in --simulated-dir, as real
providers would.

By default one process runs all four services. With --services each may have processes of its own, on one store.

While the store does not answer, the process lives, is not ready, and tries again. If the store lacks events that there were, or
serves another cluster, nothing is done until --accept-rollback or --adopt-store: the log and /readyz say so.

Usage:
  manager [flags]
  manager backup|restore|check [flags]    copies, restores or checks a store: see manager COMMAND --help

Flags:
`

// parseOptions reads the command line. What is wrong with it, and the help, is written to output.
func parseOptions(arguments []string, output io.Writer) (options, error) {
	o := options{services: allServices()}
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.Usage = func() {
		_, _ = fmt.Fprint(output, usage)
		flags.PrintDefaults()
	}
	o.bind(flags)
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

func (o *options) bind(flags *flag.FlagSet) {
	flags.Var(&o.services, "services", "the `names` of the services that this process runs, with commas between them")
	flags.StringVar(&o.store, "store", "", "the event store's `DSN`; this or --store-file is required")
	flags.StringVar(&o.storeFile, "store-file", "", "a `file` that holds the event store's DSN, such as a mounted Secret")
	flags.BoolVar(&o.acceptRollback, "accept-rollback", false,
		"accept that the store lacks events which there were: look up every open or missing payment first; for one start")
	flags.BoolVar(&o.adoptStore, "adopt-store", false, "take over a store that serves another cluster; for one start")
	flags.StringVar(&o.simulatedDir, "simulated-dir", "",
		"the `folder` of the simulated providers' ledgers, which must be there; empty for no such providers, or for ledgers in memory if --store is memory:")
	flags.DurationVar(&o.callTimeout, "call-timeout", 10*time.Second, "how long a provider may take to answer")
	flags.StringVar(&o.namespace, "namespace", "",
		"the operator's own `namespace`, whose Secrets hold the credentials of providers; empty is the pod's own, or order-system outside of pods")
	flags.BoolVar(&o.leaderElection, "leader-elect", false, "take turns with other replicas of the same services by a Lease")
	flags.StringVar(&o.leaderElectionNamespace, "leader-election-namespace", "",
		"the `namespace` of the Lease; empty is the pod's own")
	flags.DurationVar(&o.leaseDuration, "leader-elect-lease-duration", 15*time.Second,
		"how long the others wait after a leader was heard of last; it steps down when it could not renew the Lease for two thirds of that")
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", "0", "where Prometheus metrics are served, such as :8080; 0 for nowhere")
	flags.BoolVar(&o.metricsSecure, "metrics-secure", true,
		"serve metrics by HTTPS, to whom the API server lets get the URL /metrics; otherwise to everybody, by HTTP")
	flags.StringVar(&o.probeAddress, "health-probe-bind-address", ":8081", "where /healthz and /readyz are served; 0 for nowhere")
	o.history.bind(flags)
	flags.StringVar(&o.pprofAddress, "pprof-bind-address", "0",
		"where profiles of this process are served, such as 127.0.0.1:6060; only loopback addresses, for anybody who gets there may read them; 0 for nowhere")
	flags.StringVar(&o.traceEndpoint, "trace-endpoint", "",
		"the `URL` of an OpenTelemetry collector that takes traces over HTTP, such as http://collector:4318; empty for no traces")
	flags.BoolVar(&o.version, "version", false, "print the version and exit")
}

// memoryStore is the DSN of the store that is forgotten.
const memoryStore = "memory:"

func (o *options) validate(arguments []string) error {
	if len(arguments) > 0 {
		return fmt.Errorf("unexpected argument %q: the manager is set by flags", arguments[0])
	}
	if o.version {
		return nil
	}
	switch {
	case o.acceptRollback && !o.services.has(saga.OrderService):
		return fmt.Errorf("--accept-rollback with --services=%s: give it to the process with the service order, which alone knows what is missing", &o.services)
	case o.adoptStore && !o.services.has(saga.OrderService):
		return fmt.Errorf("--adopt-store with --services=%s: give it to the process with the service order", &o.services)
	}
	return errors.Join(
		o.validateSpans(), o.validateStore(), o.history.validate(), loopback("--pprof-bind-address", o.pprofAddress),
		checkTraceEndpoint(o.traceEndpoint),
	)
}

func (o *options) validateSpans() error {
	switch {
	case o.callTimeout < 100*time.Millisecond || o.callTimeout > time.Hour:
		return fmt.Errorf("--call-timeout %s is out of range: use 100ms to 1h", o.callTimeout)
	case o.leaseDuration < time.Second || o.leaseDuration > time.Hour || o.leaseDuration%time.Second != 0:
		return fmt.Errorf("--leader-elect-lease-duration %s is out of range: use whole seconds, 1s to 1h", o.leaseDuration)
	}
	return nil
}

func (o *options) validateStore() error {
	switch {
	case o.store == "" && o.storeFile == "":
		return errors.New("--store is required: use sqlite:PATH, or memory: to try things out, or name a file that holds it by --store-file")
	case o.store != "" && o.storeFile != "":
		return errors.New("--store and --store-file exclude each other: use one")
	case o.store == "":
		return nil
	}
	if err := open.Validate(o.store); err != nil {
		return fmt.Errorf("--store: %w", err)
	}
	return nil
}

// dsn returns the store's. The file of --store-file is read every time: a Secret may change.
func (o *options) dsn() (string, error) {
	if o.storeFile == "" {
		return o.store, nil
	}
	content, err := os.ReadFile(o.storeFile)
	if err != nil {
		return "", fmt.Errorf("--store-file: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
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
