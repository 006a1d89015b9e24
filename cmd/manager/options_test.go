// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
	for _, wanted := range []string{"sqlite:PATH", "--simulated-dir", "-call-timeout", "-leader-elect", "-kubeconfig"} {
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
		{"a store that lasts and ledgers that don't", []string{"--store=sqlite:events.db"}, []string{"--simulated-dir is required"}},
		{"a time-out of nothing", []string{"--store=memory:", "--call-timeout=0s"}, []string{"--call-timeout", "100ms to 1h"}},
		{
			"a certificate for nobody", []string{"--store=memory:", "--history-bind-address=0", "--history-cert-dir=certs"},
			[]string{"--history-cert-dir", "--history-bind-address"},
		},
		{"profiles for other machines", []string{"--store=memory:", "--pprof-bind-address=:6060"}, []string{"--pprof-bind-address", "127.0.0.1"}},
		{"profiles at no port", []string{"--store=memory:", "--pprof-bind-address=localhost"}, []string{"--pprof-bind-address", "127.0.0.1:PORT"}},
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
			_, err := openWorld(t.Context(), test.options)
			if err == nil || !strings.Contains(err.Error(), test.wanted) {
				t.Errorf("error %v does not name %s", err, test.wanted)
			}
		})
	}
}
