// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command provider is a payment provider and a carrier that misbehave: see package provider.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/test/provider"
)

// crashed is the exit code of the fault crash.
const crashed = 3

func main() {
	o, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "provider:", err)
		os.Exit(1)
	}
}

func run(o options) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.untilStdinEnds {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	book, err := ledger.Open(ctx, o.ledger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	serverOptions, serviceOptions, err := o.build()
	if err != nil {
		return err
	}
	service, err := provider.Serve(ctx, provider.NewServer(book, serverOptions), serviceOptions)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Close()) }()
	if err := json.NewEncoder(os.Stdout).Encode(service.Ready()); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (o options) build() (server provider.ServerOptions, service provider.ServiceOptions, err error) {
	server = provider.ServerOptions{
		Secret: func() ([]byte, error) { return os.ReadFile(o.secretFile) },
		Crash:  func() { os.Exit(crashed) },
	}
	if !o.clock.IsZero() {
		server.Clock = func() time.Time { return o.clock }
	}
	if server.Plan, err = readPlan(o.plan); err != nil {
		return server, service, err
	}
	service = provider.ServiceOptions{Address: o.listen, AdminAddress: o.admin}
	if o.certificate != "" {
		certificate, err := tls.LoadX509KeyPair(o.certificate, o.key)
		if err != nil {
			return server, service, err
		}
		service.Certificate = &certificate
	}
	return server, service, nil
}

func readPlan(file string) (plan provider.Plan, err error) {
	if file == "" {
		return plan, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return plan, err
	}
	if err := json.Unmarshal(content, &plan); err != nil {
		return plan, fmt.Errorf("plan %s: %w", file, err)
	}
	return plan, plan.Check()
}
