// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"
)

const usage = `provider is a payment provider and a carrier for tests, which speak the contracts of docs/providers.md and misbehave.

What they did is in a ledger of their own, a SQLite file which outlives them. The payment tokens and the names in
addresses of the simulated providers work here too: sim_approve, sim_decline, SIM REFUSE and so on.

It prints one line of JSON when it is ready, with its URL and that of its admin endpoint:
  {"url":"http://127.0.0.1:40001","admin":"http://127.0.0.1:40002"}

A plan says how it misbehaves: --plan reads one at the start, PUT /plan at the admin endpoint replaces it.
  {"seed": 1, "rules": [
    {"fault": "lose-reply", "probability": 0.2},
    {"fault": "refuse", "probability": 0.1, "actions": ["charge", "create"]},
    {"fault": "late", "delay": "3s", "correlation": "store/shop/order-7/1", "times": 1}]}

Of the rules for a stage of a request, the first that applies wins. They are about POST unless "verbs" says otherwise.
  before the work  late (held for "delay", or until POST /release; done even if the caller has gone), unavailable
                   (503; "delay" becomes Retry-After)
  in the work      refuse, twice (done twice, as if it was delivered twice)
  after the work   delay, lose-reply, crash (exit code 3), answer-twice, garbage, malformed, truncated, oversized,
                   oversized-header, redirect (to "location"), wrong-key, wrong-amount, page (HTML), failure (500),
                   indiscreet (repeats token and secret)

The admin endpoint also has:
  POST /down {"for":"3s"}   breaks all connections, and refuses new ones for a while
  POST /release             lets those go on that are late without a "delay"
  GET /report               how many requests came, and which faults they met
  GET /ledger               all entries of the ledger

Usage:
  provider --ledger ledger.db --secret-file secret [flags]

Flags:
`

type options struct {
	listen, admin    string
	ledger           string
	secretFile       string
	certificate, key string
	plan             string
	clock            time.Time
	untilStdinEnds   bool
}

// parse reads the command line. What is wrong with it, and the help, is written to output.
func parse(arguments []string, output io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("provider", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.Usage = func() {
		_, _ = io.WriteString(output, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "`address` of the contracts, by default a free port of this machine")
	flags.StringVar(&o.admin, "admin", "127.0.0.1:0", "`address` of the admin endpoint, which asks nobody who he is")
	flags.StringVar(&o.ledger, "ledger", "", "`file` of the ledger, made if it is missing (required)")
	flags.StringVar(&o.secretFile, "secret-file", "", "`file` with the secret of the signatures, read for every request (required)")
	flags.StringVar(&o.certificate, "tls-cert", "", "`file` with the certificate, to speak TLS")
	flags.StringVar(&o.key, "tls-key", "", "`file` with the certificate's key")
	flags.StringVar(&o.plan, "plan", "", "`file` with the plan at the start; without one, it behaves")
	flags.Func("clock", "`time` at which the provider's clock stands still, such as 2026-02-03T04:05:06Z", func(text string) (err error) {
		o.clock, err = time.Parse(time.RFC3339Nano, text)
		return err
	})
	flags.BoolVar(&o.untilStdinEnds, "until-stdin-ends", false, "end when the standard input does, so as not to outlive a test")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	return o, o.check(flags.Args())
}

func (o options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is no flag: see --help", rest[0])
	case o.ledger == "":
		return errors.New("--ledger is missing: the file in which the provider keeps its books")
	case o.secretFile == "":
		return errors.New("--secret-file is missing: the file with the secret that requests are signed with")
	case (o.certificate == "") != (o.key == ""):
		return errors.New("--tls-cert and --tls-key must be given together")
	}
	return nil
}
