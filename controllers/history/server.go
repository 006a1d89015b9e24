// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	certutil "k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
)

const (
	// headerWithin is how long a client may take to say what it wants, idleFor how long it may keep a connection without.
	headerWithin = 10 * time.Second
	idleFor      = 2 * time.Minute
	// maxHeader leaves room for the longest tokens.
	maxHeader = 64 << 10
	// stopWithin is how long requests may take to end when the server is stopped.
	stopWithin = 10 * time.Second
)

// Server serves a handler over HTTPS until the manager stops, on every replica: it is a manager.Runnable that needs no
// leader.
type Server struct {
	// Address is where it listens, such as :8443.
	Address string
	// CertDir holds tls.crt and tls.key, which are read again when they change. Empty is a certificate of its own: it
	// encrypts, and proves nothing. The API server's service proxy asks for no more.
	CertDir string
	Handler http.Handler
	Logger  logr.Logger

	listening atomic.Bool
}

// Ready returns why the server does not serve yet, nil once it does.
func (s *Server) Ready() error {
	if !s.listening.Load() {
		return errors.New("the history API is not served yet")
	}
	return nil
}

// NeedLeaderElection tells the manager that every replica serves.
func (*Server) NeedLeaderElection() bool { return false }

// Start serves until ctx ends, and returns nil then. It fails if it can't listen, or has no certificate.
func (s *Server) Start(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var background sync.WaitGroup
	defer background.Wait()
	config, err := s.tls(ctx, &background)
	if err != nil {
		cancel()
		return fmt.Errorf("serve the history API: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Address)
	if err != nil {
		cancel()
		return fmt.Errorf("serve the history API at --history-bind-address: %w", err)
	}
	server := &http.Server{
		Handler: s.Handler, TLSConfig: config,
		ReadHeaderTimeout: headerWithin, IdleTimeout: idleFor, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return ctx }, // so that whoever follows an order is told of the end
		ErrorLog:    log.New(handshakes{s.Logger}, "", 0),
	}
	background.Go(func() {
		<-ctx.Done()
		stopping, stopped := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer stopped()
		if err := server.Shutdown(stopping); err != nil {
			_ = server.Close() // whoever is left has had its time
		}
	})
	s.listening.Store(true)
	defer s.listening.Store(false)
	s.Logger.Info("Serving the history API", "address", listener.Addr().String(), "certificates", s.CertDir)
	err = server.ServeTLS(listener, "", "")
	cancel()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve the history API: %w", err)
}

// tls returns the configuration, and keeps its certificate up to date in the background.
func (s *Server) tls(ctx context.Context, background *sync.WaitGroup) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CertDir == "" {
		certificate, key, err := certutil.GenerateSelfSignedCertKey("order-operator-history", nil, []string{"localhost"})
		if err != nil {
			return nil, fmt.Errorf("make a certificate: %w", err)
		}
		pair, err := tls.X509KeyPair(certificate, key)
		if err != nil {
			return nil, fmt.Errorf("read the certificate that was made: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
		return config, nil
	}
	watcher, err := certwatcher.New(filepath.Join(s.CertDir, "tls.crt"), filepath.Join(s.CertDir, "tls.key"))
	if err != nil {
		return nil, fmt.Errorf("read tls.crt and tls.key in --history-cert-dir: %w", err)
	}
	config.GetCertificate = watcher.GetCertificate
	background.Go(func() {
		if err := watcher.Start(ctx); err != nil {
			s.Logger.Error(err, "The certificate of the history API is not read again when it changes", "folder", s.CertDir)
		}
	})
	return config, nil
}

// handshakes logs what net/http says of broken connections, which anybody can cause, for those who look closely.
type handshakes struct{ logger logr.Logger }

func (h handshakes) Write(line []byte) (int, error) {
	h.logger.V(1).Info("A connection to the history API failed", "reason", string(line))
	return len(line), nil
}
