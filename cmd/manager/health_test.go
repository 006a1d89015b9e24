// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	stdlog "log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/eventcore/order-operator/controllers/custody"
)

func TestProbesSayWhyTheProcessIsNotReadyAndNeverThatItIsDead(t *testing.T) {
	h := newHealth()
	server := httptest.NewServer(newProbes("", h).Server.Handler)
	defer server.Close()
	probe := func(path string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	why := &custody.HeldError{Reason: custody.RolledBack, Why: "Events are missing", Remedy: "Start with --accept-rollback"}
	for name, test := range map[string]struct {
		change func()
		code   int
		body   string
		held   float64
	}{
		"at first":          {func() { h.ends(errors.New("the event store is being opened")) }, 503, "being opened", 0},
		"held up":           {func() { h.ends(why) }, 503, "--accept-rollback", 1},
		"at work":           {func() { h.begins(func(context.Context) error { return nil }) }, 200, "ok", 0},
		"without its store": {func() { h.begins(func(context.Context) error { return errors.New("no answer") }) }, 503, "no answer", 0},
	} {
		test.change()
		if code, body := probe("/readyz"); code != test.code || !strings.Contains(body, test.body) {
			t.Errorf("%s: /readyz says %d, %s", name, code, body)
		}
		if code, _ := probe("/healthz"); code != http.StatusOK {
			t.Errorf("%s: /healthz says %d", name, code)
		}
		if got := heldBecause(t, custody.RolledBack); got != test.held {
			t.Errorf("%s: the metric is %v, want %v", name, got, test.held)
		}
	}
	if h.ends(why); h.ends(why) {
		t.Error("the same reason is news twice")
	}
}

// heldBecause returns the metric of the reason.
func heldBecause(t *testing.T, reason custody.Reason) float64 {
	t.Helper()
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == "order_operator_history_held" && metric.GetLabel()[0].GetValue() == string(reason) {
				return metric.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("there is no metric of %s", reason)
	return 0
}

func TestWhatLibrariesLogGoesToTheLogger(t *testing.T) {
	var logged []string
	redirectLogs(funcr.New(func(_, line string) { logged = append(logged, line) }, funcr.Options{}))
	defer redirectLogs(logr.Discard())
	stdlog.Println("http: TLS handshake error")
	if all := strings.Join(logged, "\n"); !strings.Contains(all, "TLS handshake error") || strings.Contains(all, `\n`) {
		t.Errorf("logged %q", all)
	}
}
