// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/eventcore/order-operator/eventcore/postgres/pgtest" //nolint:depguard // not the store, but its server
)

// ErrNoServer says that no PostgreSQL server could be started.
var ErrNoServer = errors.New("no PostgreSQL server")

// Lab holds what measurements need. Files and the server's cluster lie in the folder for temporary files (TMPDIR). It
// is used by one goroutine at a time.
type Lab struct {
	folder string
	// postgres is the DSN of a server that others run; empty if one is to be started.
	postgres  string
	server    *pgtest.Server
	serverErr error
	count     int
	cleanups  []func() error
}

// New makes the folder. A PostgreSQL server is started when it is needed, unless there is the DSN of one.
func New(postgres string) (*Lab, error) {
	if postgres != "" {
		if _, err := inDatabase(postgres, ""); err != nil {
			return nil, err
		}
	}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	return &Lab{folder: folder, postgres: postgres}, nil
}

// Defer has Clear call the function, after those that are given later.
func (l *Lab) Defer(cleanup func() error) { l.cleanups = append(l.cleanups, cleanup) }

// Clear ends and removes everything that was opened so far.
func (l *Lab) Clear() error {
	errs := make([]error, 0, len(l.cleanups))
	for _, cleanup := range slices.Backward(l.cleanups) {
		errs = append(errs, cleanup())
	}
	l.cleanups = nil
	return errors.Join(errs...)
}

// Close clears the lab, stops the server and removes the folder.
func (l *Lab) Close() error {
	err := l.Clear()
	if l.server != nil {
		err = errors.Join(err, l.server.Stop())
	}
	return errors.Join(err, os.RemoveAll(l.folder))
}

// File returns the path of a file that does not exist, in a folder of its own.
func (l *Lab) File(name string) (string, error) {
	l.count++
	folder := filepath.Join(l.folder, strconv.Itoa(l.count))
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", err
	}
	l.Defer(func() error { return os.RemoveAll(folder) })
	return filepath.Join(folder, name), nil
}
