// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/eventcore/order-operator/controllers/ledger"
)

// ServiceOptions configure a Service.
type ServiceOptions struct {
	// Address and AdminAddress are where it listens, 127.0.0.1:0 for a free port.
	Address, AdminAddress string
	// Certificate makes it speak TLS, if it is set.
	Certificate *tls.Certificate
}

// Service listens for a Server, and on another port for those who tell it how to misbehave.
type Service struct {
	server  *Server
	options ServiceOptions
	admin   *http.Server
	ready   Ready

	mu     sync.Mutex
	public *http.Server // nil while it is down
	closed bool
}

// Ready is what a started process says on its standard output, as one line of JSON.
type Ready struct {
	// URL is the provider's, Admin that of the admin endpoint.
	URL   string `json:"url"`
	Admin string `json:"admin"`
}

// Serve listens until Close.
func Serve(ctx context.Context, server *Server, options ServiceOptions) (*Service, error) {
	s := &Service{server: server, options: options}
	var listen net.ListenConfig
	public, err := listen.Listen(ctx, "tcp", options.Address)
	if err != nil {
		return nil, err
	}
	admin, err := listen.Listen(ctx, "tcp", options.AdminAddress)
	if err != nil {
		return nil, errors.Join(err, public.Close())
	}
	s.options.Address = public.Addr().String() // to come back to after being down
	s.ready = Ready{URL: "http://" + s.options.Address, Admin: "http://" + admin.Addr().String()}
	if options.Certificate != nil {
		s.ready.URL = "https://" + s.options.Address
	}
	s.admin = &http.Server{Handler: s.routes(), ReadHeaderTimeout: time.Minute}
	go func() { _ = s.admin.Serve(admin) }()
	s.up(public)
	return s, nil
}

// Ready tells where the service listens.
func (s *Service) Ready() Ready { return s.ready }

// Close breaks all connections.
func (s *Service) Close() error {
	s.server.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.public == nil {
		return s.admin.Close()
	}
	return errors.Join(s.admin.Close(), s.public.Close())
}

func (s *Service) up(listener net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = listener.Close()
		return
	}
	public := &http.Server{Handler: s.server, ReadHeaderTimeout: time.Minute}
	s.public = public
	if s.options.Certificate == nil {
		go func() { _ = public.Serve(listener) }()
		return
	}
	public.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*s.options.Certificate}, MinVersion: tls.VersionTLS12}
	go func() { _ = public.ServeTLS(listener, "", "") }()
}

// down breaks all connections and refuses new ones for a while. Work that has begun goes on.
func (s *Service) down(span time.Duration) error {
	s.mu.Lock()
	public := s.public
	s.public = nil
	s.mu.Unlock()
	if public == nil {
		return errors.New("the provider is down already")
	}
	err := public.Close()
	go func() {
		if s.server.sleep(context.Background(), span) != nil {
			return
		}
		for {
			listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", s.options.Address)
			if err == nil {
				s.up(listener)
				return
			}
			if s.server.sleep(context.Background(), 10*time.Millisecond) != nil {
				return
			}
		}
	}()
	return err
}

// Outage is the body of POST /down.
type Outage struct {
	For Duration `json:"for"`
}

func (s *Service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /plan", func(w http.ResponseWriter, r *http.Request) {
		var plan Plan
		if err := decode(r, &plan); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := plan.Check(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.server.planner.set(plan)
	})
	mux.HandleFunc("POST /down", func(w http.ResponseWriter, r *http.Request) {
		var outage Outage
		err := decode(r, &outage)
		if err == nil {
			err = s.down(time.Duration(outage.For))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
	mux.HandleFunc("POST /release", func(http.ResponseWriter, *http.Request) { s.server.Release() })
	mux.HandleFunc("GET /report", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.server.planner.reported())
	})
	mux.HandleFunc("GET /ledger", s.ledger)
	return mux
}

// ledger answers with all entries of the ledger.
func (s *Service) ledger(w http.ResponseWriter, r *http.Request) {
	entries := []ledger.Entry{}
	for entry, err := range s.server.book.Entries(r.Context()) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		entries = append(entries, entry)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(entries)
}

func decode(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
