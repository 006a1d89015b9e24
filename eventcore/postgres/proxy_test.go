// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// marker stands in the payload of the append that meets a fault.
const marker = "meets-a-fault"

// fault is what happens to the marked append.
type fault int

const (
	none fault = iota
	// hold keeps the append on its way until release.
	hold
	// cut does the same and cuts the connection at once.
	cut
	// lose lets the append through, and cuts the connection when the server replies.
	lose
)

// proxy is the network between a store and the server.
type proxy struct {
	listener net.Listener
	socket   string
	dsn      string

	mu      sync.Mutex
	fault   fault
	down    bool
	held    chan struct{}
	message []byte
	server  net.Conn
}

// newProxy returns the proxy and a DSN that leads through it.
func newProxy(t *testing.T, dsn string) (*proxy, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, socket: server.Socket()}
	t.Cleanup(func() { _ = listener.Close() })
	go p.serve()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	before, _, _ := strings.Cut(dsn, "?")
	p.dsn = before + "?sslmode=disable&user=postgres&host=127.0.0.1&port=" + port
	return p, p.dsn
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		down := p.down
		p.mu.Unlock()
		server, err := net.Dial("unix", p.socket)
		if err != nil || down {
			_ = client.Close()
			continue
		}
		losing := make(chan struct{})
		go p.forward(client, server, losing)
		go p.back(client, server, losing)
	}
}

// forward passes on what the client sends.
func (p *proxy) forward(client, server net.Conn, losing chan struct{}) {
	buffer := make([]byte, 1<<20)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			_ = server.Close()
			return
		}
		switch p.meet(buffer[:n], server) {
		case hold:
			return
		case cut:
			_ = client.Close()
			return
		case lose:
			close(losing)
		case none:
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			_ = client.Close()
			return
		}
	}
}

// meet returns the fault that the message meets: at most one does.
func (p *proxy) meet(message []byte, server net.Conn) fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fault == none || !bytes.Contains(message, []byte(marker)) {
		return none
	}
	met := p.fault
	p.fault = none
	p.message, p.server = bytes.Clone(message), server
	close(p.held)
	return met
}

// back passes on what the server replies.
func (p *proxy) back(client, server net.Conn, losing chan struct{}) {
	buffer := make([]byte, 1<<20)
	for {
		n, err := server.Read(buffer)
		select {
		case <-losing:
			err = errors.Join(err, server.Close())
			n = 0
			_ = client.Close()
		default:
		}
		if err == nil {
			_, err = client.Write(buffer[:n])
		}
		if err != nil {
			_ = client.Close()
			return
		}
	}
}

// arm makes the next marked append meet the fault. The channel is closed when it does.
func (p *proxy) arm(f fault) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.held = f, make(chan struct{})
	return p.held
}

// setDown refuses new connections, or accepts them again.
func (p *proxy) setDown(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

// release lets the held append arrive, and returns when the server has done with it.
func (p *proxy) release(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.server.Write(p.message); err != nil {
		t.Fatal(err)
	}
	unix, ok := p.server.(*net.UnixConn)
	if !ok {
		t.Fatal("no Unix socket")
	}
	if err := unix.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, unix); err != nil {
		t.Fatal(err)
	}
}
