// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	startTimeout = time.Minute
	retryDelay   = 20 * time.Millisecond
	postgresHint = "apt-get install postgresql, or put initdb and postgres into PATH"
)

// Server is a PostgreSQL server with an empty cluster of its own. It writes through to the disk, as a real one does.
type Server struct {
	folder    string
	program   string
	owner     *syscall.Credential
	process   *process
	databases atomic.Int64
}

// Start makes a cluster and starts a server on it. The error says how to install PostgreSQL if it is missing.
func Start() (_ *Server, err error) {
	installed, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return nil, err
	}
	initdb, err := look("initdb", postgresHint, installed...)
	if err != nil {
		return nil, err
	}
	program, err := look("postgres", postgresHint, installed...)
	if err != nil {
		return nil, err
	}
	s := &Server{program: program}
	if s.owner, err = owner(); err != nil {
		return nil, err
	}
	if s.folder, err = folder(s.owner); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(s.folder))
		}
	}()
	if err := s.initialise(initdb); err != nil {
		return nil, err
	}
	return s, s.run()
}

func (s *Server) initialise(initdb string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, initdb, //nolint:gosec // found above.
		"-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	command.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner}
	command.Dir = s.folder
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: initdb: %w\n%s", err, output)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// run starts the server and waits until it answers.
func (s *Server) run() (err error) {
	s.process, err = start("QUIT", s.owner, s.program, "-D", s.data(), "-k", s.folder,
		"-c", "listen_addresses=", "-c", "max_connections=200", "-c", "shared_buffers=128MB", "-c", "max_wal_size=1GB")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := await(ctx, s.process, s.DSN("postgres")); err != nil {
		s.process.stop()
		return fmt.Errorf("pgtest: the server does not answer: %w\n%s", err, s.process.log)
	}
	return nil
}

// await connects until it succeeds.
func await(ctx context.Context, p *process, dsn string) error {
	for {
		conn, err := pgx.Connect(ctx, dsn)
		if err == nil {
			return conn.Close(ctx)
		}
		timer := time.NewTimer(retryDelay)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return err
		case <-p.ended:
			return errors.New("it has ended")
		}
	}
}

// Stop kills the server, as a crash would (pg_ctl stop -m immediate), and removes its cluster.
func (s *Server) Stop() error {
	s.process.stop()
	return os.RemoveAll(s.folder)
}

// Crash kills the server as Stop does, and keeps its cluster: Restart recovers it.
func (s *Server) Crash() { s.process.stop() }

// Restart starts the server again after Crash, and returns when it answers.
func (s *Server) Restart() error { return s.run() }

// DSN names a database of the server.
func (s *Server) DSN(database string) string {
	return fmt.Sprintf("postgres:///%s?host=%s&user=postgres", database, s.folder)
}

// Socket is the path of the Unix socket that the server listens on.
func (s *Server) Socket() string { return filepath.Join(s.folder, ".s.PGSQL.5432") }

// Database creates a database for the test and returns its DSN. It ends with the server.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	Exec(tb, s.DSN("postgres"), "CREATE DATABASE "+name)
	return s.DSN(name)
}

// Exec runs statements on a connection of its own.
func Exec(tb testing.TB, dsn string, statements ...string) {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), dsn)
	if err != nil {
		tb.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := conn.Exec(tb.Context(), statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			tb.Errorf("%s: %v", statement, err)
		}
	}
	if err := conn.Close(tb.Context()); err != nil {
		tb.Error(err)
	}
}
