// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestAStoreIsAllThatMustBeNamed(t *testing.T) {
	var output strings.Builder
	options, err := parseOptions([]string{"--store=memory:"}, &output)
	if err != nil {
		t.Fatal(err, output.String())
	}
	if options.history.address != "0" { // this is no pod
		t.Errorf("the history is served at %q", options.history.address)
	}
	if options.callTimeout != 10*time.Second || options.leaderElection || options.metricsAddress != "0" {
		t.Errorf("unexpected defaults: %+v", options)
	}
}

func TestHelpTeaches(t *testing.T) {
	var output strings.Builder
	if _, err := parseOptions([]string{"--help"}, &output); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	for _, wanted := range []string{"sqlite:PATH", "postgres://", "listen=", "--simulated-dir", "--services", "--accept-rollback", "--adopt-store", "-store-file", "backup", "-call-timeout", "-leader-elect", "-kubeconfig"} {
		if !strings.Contains(output.String(), wanted) {
			t.Errorf("the help does not mention %q:\n%s", wanted, output.String())
		}
	}
}

func TestBadFlagsNameTheFlagAndTheRemedy(t *testing.T) {
	for _, test := range []struct {
		name      string
		arguments []string
		wanted    []string
	}{
		{"an argument that is no flag", []string{"start"}, []string{`"start"`, "flags"}},
		{"no store", nil, []string{"--store is required", "sqlite:PATH"}},
		{"two stores", []string{"--store=memory:", "--store-file=dsn"}, []string{"--store and --store-file", "use one"}},
		{"a store of another kind", []string{"--store=mysql://host"}, []string{"--store", "mysql", "sqlite:PATH"}},
		{"a service that is not there", []string{"--store=memory:", "--services=order,billing"}, []string{"billing", "inventory"}},
		{"a service twice", []string{"--store=memory:", "--services=order,order"}, []string{"named twice"}},
		{
			"a rollback that this process can't judge",
			[]string{"--store=memory:", "--services=payment", "--accept-rollback"},
			[]string{"--accept-rollback", "service order"},
		},
		{"a lease of parts of seconds", []string{"--store=memory:", "--leader-elect-lease-duration=1500ms"}, []string{"--leader-elect-lease-duration", "whole seconds"}},
		{"a time-out of nothing", []string{"--store=memory:", "--call-timeout=0s"}, []string{"--call-timeout", "100ms to 1h"}},
		{
			"a certificate for nobody", []string{"--store=memory:", "--history-bind-address=0", "--history-cert-dir=certs"},
			[]string{"--history-cert-dir", "--history-bind-address"},
		},
		{"profiles for other machines", []string{"--store=memory:", "--pprof-bind-address=:6060"}, []string{"--pprof-bind-address", "127.0.0.1"}},
		{"profiles at no port", []string{"--store=memory:", "--pprof-bind-address=localhost"}, []string{"--pprof-bind-address", "127.0.0.1:PORT"}},
		{"an endpoint that is no URL", []string{"--store=memory:", "--trace-endpoint=collector:4318"}, []string{"--trace-endpoint", "http://collector:4318"}},
		{"an unknown flag", []string{"--stroe=memory:"}, []string{"-stroe", "Usage"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var output strings.Builder
			if _, err := parseOptions(test.arguments, &output); err == nil {
				t.Fatal("accepted")
			}
			for _, wanted := range test.wanted {
				if !strings.Contains(output.String(), wanted) {
					t.Errorf("%q is missing in:\n%s", wanted, output.String())
				}
			}
		})
	}
}

func TestWhatCannotBeOpenedIsNamedByItsFlag(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, test := range []struct {
		name    string
		options options
		wanted  string
	}{
		{"an unknown store", options{store: "mysql://host"}, "--store"},
		{"a store in a folder that is not there", options{store: "sqlite:" + filepath.Join(missing, "events.db")}, "--store"},
		{"ledgers in a folder that is not there", options{store: "memory:", simulatedDir: missing}, "--simulated-dir"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.options.services = allServices()
			_, err := openWorld(t.Context(), test.options, func(context.Context) (uuid.UUID, error) { return uuid.Nil, nil })
			if err == nil || !strings.Contains(err.Error(), test.wanted) {
				t.Errorf("error %v does not name %s", err, test.wanted)
			}
		})
	}
}

func TestServicesNameTheirLease(t *testing.T) {
	for names, want := range map[string]string{
		"order,inventory,payment,shipping": "order-operator.commerce.eventcore.dev",
		"shipping, order":                  "order-shipping.order-operator.commerce.eventcore.dev",
		"payment":                          "payment.order-operator.commerce.eventcore.dev",
	} {
		var s services
		if err := s.Set(names); err != nil {
			t.Fatal(err)
		}
		if got := s.lease(); got != want {
			t.Errorf("%s: %s, want %s", names, got, want)
		}
	}
}

func TestTheFileOfTheStoreIsReadAnew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dsn")
	var output strings.Builder
	options, err := parseOptions([]string{"--store-file=" + file}, &output)
	if err != nil {
		t.Fatal(err, output.String())
	}
	if _, err := options.dsn(); err == nil || !strings.Contains(err.Error(), "--store-file") {
		t.Errorf("error %v does not name the flag", err)
	}
	for _, want := range []string{"memory:", "sqlite:events.db"} {
		if err := os.WriteFile(file, []byte(want+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := options.dsn(); got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

func TestCommandsTeach(t *testing.T) {
	for name := range commands {
		var output, messages strings.Builder
		if code := execute(t.Context(), name, []string{"--help"}, &output, &messages); code != 0 {
			t.Errorf("%s --help: exit code %d", name, code)
		}
		if help := messages.String(); !strings.Contains(help, "manager "+name+" --store") || !strings.Contains(help, "-store-file") {
			t.Errorf("%s --help shows no example:\n%s", name, help)
		}
		messages.Reset()
		if code := execute(t.Context(), name, nil, &output, &messages); code != 2 || !strings.Contains(messages.String(), "--store") {
			t.Errorf("%s without flags: exit code %d, %s", name, code, &messages)
		}
	}
}
