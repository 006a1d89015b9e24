// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"
	certutil "k8s.io/client-go/util/cert"

	"github.com/eventcore/order-operator/controllers/history"
	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
)

// serve starts the server on a free port and returns its URL, and a function that stops it and returns how it ended.
func (o *office) serve(certDir string) (address string, stop func() error) {
	o.Helper()
	addresses := make(chan string, 1)
	logger := funcr.NewJSON(func(line string) {
		if _, rest, found := strings.Cut(line, `"address":"`); found {
			address, _, _ := strings.Cut(rest, `"`)
			addresses <- address
		}
	}, funcr.Options{})
	ctx, cancel := context.WithCancel(o.Context())
	ended := make(chan error, 1)
	server := &history.Server{Address: "127.0.0.1:0", CertDir: certDir, Handler: o.handler, Logger: logger}
	if server.NeedLeaderElection() {
		o.Error("only the leader would serve")
	}
	if server.Ready() == nil {
		o.Error("it is ready before it has started")
	}
	go func() { ended <- server.Start(ctx) }()
	o.Cleanup(cancel)
	select {
	case address = <-addresses:
	case err := <-ended:
		o.Fatal(err)
	}
	if err := server.Ready(); err != nil {
		o.Error(err)
	}
	return "https://" + address, func() error {
		cancel()
		return <-ended
	}
}

// ask follows the first order.
func (o *office) ask(client *http.Client, address string) *follower {
	o.Helper()
	request, err := http.NewRequestWithContext(o.Context(), http.MethodGet, address+"/history/v1"+firstPath+"?follow=true", http.NoBody)
	if err != nil {
		o.Fatal(err)
	}
	request.Header.Set(historyv1.TokenHeader, "Bearer "+secret)
	response, err := client.Do(request)
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() { _ = response.Body.Close() })
	return &follower{T: o.T, response: response, lines: bufio.NewScanner(response.Body)}
}

func TestWhoFollowsIsToldOfAShutdown(t *testing.T) {
	o := newOffice(t, history.Limits{Heartbeat: seldom})
	o.records(first, ordered()...)
	address, stop := o.serve("")
	blind := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true, // as the API server's proxy does
	}}
	f := o.ask(blind, address)
	if f.response.ProtoMajor != 2 {
		t.Errorf("it speaks %s", f.response.Proto)
	}
	f.nextEvent()
	f.nextEvent()
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	if got := f.nextEvent(); got != "ShuttingDown, from 3" {
		t.Errorf("it ended with %s", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestAServerShowsTheCertificateThatItIsGiven(t *testing.T) {
	certificate, key, err := certutil.GenerateSelfSignedCertKey("history.example", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, content := range map[string][]byte{"tls.crt": certificate, "tls.key": key} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := newOffice(t, history.Limits{})
	address, stop := o.serve(folder)
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(certificate)
	careful := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	if f := o.ask(careful, address); f.response.StatusCode != http.StatusOK {
		t.Error(f.response.Status)
	}
	careful.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestAServerThatCanNotServeSaysWhichFlagIsWrong(t *testing.T) {
	for flag, server := range map[string]*history.Server{
		"--history-cert-dir":     {Address: "127.0.0.1:0", CertDir: t.TempDir()},
		"--history-bind-address": {Address: "127.0.0.1:port"},
	} {
		if err := server.Start(t.Context()); err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%v does not name %s", err, flag)
		}
	}
}
