// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operatorbench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/eventcore/order-operator/eventcore/open"
	"github.com/eventcore/order-operator/hack/bench/internal/sagabench"
	"github.com/eventcore/order-operator/test/harness"
)

// ours is the manager, on an event store with so many orders of history.
type ours struct {
	name    string
	history int

	world harness.World
}

// prepare makes the event store, unless that was done before. Its history is that of orders which nobody has in the
// cluster any more.
func (o *ours) prepare(ctx context.Context, p *plant) (err error) {
	if o.world != "" {
		return nil
	}
	world, err := harness.NewWorld(filepath.Join(p.folder, o.name))
	if err != nil {
		return err
	}
	store, err := open.Store(ctx, world.DSN())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	engine, err := sagabench.StartEngine(ctx, store, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(engine.Fill(ctx, o.history), engine.Close()); err != nil {
		return err
	}
	o.world = world
	return nil
}

// start implements contender.
func (o *ours) start(ctx context.Context, p *plant) (operator, error) {
	if err := o.prepare(ctx, p); err != nil {
		return nil, err
	}
	profiles, err := harness.FreeAddress()
	if err != nil {
		return nil, err
	}
	log := filepath.Join(p.folder, o.name+".log")
	manager, err := harness.StartManager(harness.ManagerOptions{
		Program: p.manager, Kubeconfig: p.kubeconfig, World: o.world, Log: log,
		Arguments: []string{"--pprof-bind-address=" + profiles, "--history-bind-address=0"},
	})
	if err != nil {
		return nil, err
	}
	running := &running{Manager: manager, file: strings.TrimPrefix(o.world.DSN(), "sqlite:"), profiles: "http://" + profiles}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := manager.WaitReady(waiting); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: see %s", err, log), manager.Kill())
	}
	return running, nil
}

// running is a process of the manager.
type running struct {
	*harness.Manager

	file     string
	profiles string
}

func (r *running) pid() int { return r.PID() }

func (r *running) stop(ctx context.Context) error { return r.Stop(ctx) }

// stored implements operator.
func (r *running) stored() (_ usage, err error) {
	conn, err := sqlite.OpenConn(r.file, sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	used := usage{}
	query := "SELECT max(position), count(append_id) FROM events"
	err = sqlitex.Execute(conn, query, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		used[events], used[commits] = stmt.ColumnFloat(0), stmt.ColumnFloat(1)
		return nil
	}})
	return used, err
}

// heap returns how many bytes are in use after the garbage was collected.
func (r *running) heap(ctx context.Context) (bytes float64, err error) {
	body, err := get(ctx, http.DefaultClient, r.profiles+"/debug/pprof/heap?gc=1&debug=1")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	return readHeap(body)
}
