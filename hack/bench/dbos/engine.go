// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite" // registers the driver
	"modernc.org/sqlite"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
	"github.com/eventcore/order-operator/hack/bench/internal/remote"
	"github.com/eventcore/order-operator/hack/bench/internal/shop"
)

// commits counts those of all connections to SQLite.
var commits atomic.Int64

func init() {
	sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, _ string) error {
		hooks, ok := conn.(sqlite.HookRegisterer)
		if !ok {
			return errors.New("the driver tells of no commits")
		}
		hooks.RegisterCommitHook(func() int32 {
			commits.Add(1)
			return 0
		})
		return nil
	})
}

// engine is DBOS on a database.
type engine struct {
	dbos   dbos.Context
	task   shop.Task
	number atomic.Int64
}

// begin starts DBOS, and returns how to have it work, and how to stop it.
func begin(ctx context.Context, task shop.Task) (remote.Work, func() error, error) {
	config := dbos.Config{AppName: "bench-saga", DatabaseURL: task.DSN, Logger: slog.New(slog.DiscardHandler)}
	closing := func() error { return nil }
	if task.Full {
		db, err := openFull(task.DSN)
		if err != nil {
			return nil, nil, err
		}
		config.DatabaseURL, config.SQLiteSystemDB, closing = "", db, db.Close
	}
	root, err := dbos.NewContext(ctx, config)
	if err != nil {
		return nil, nil, errors.Join(err, closing())
	}
	e := &engine{dbos: root, task: task}
	dbos.RegisterWorkflow(root, carryOut)
	if err := dbos.Launch(root); err != nil {
		return nil, nil, errors.Join(err, closing())
	}
	stop := func() error { return errors.Join(dbos.Shutdown(root, 10*time.Second), closing()) }
	return e.work, stop, nil
}

// openFull opens the file with the settings that DBOS itself would use, save one.
func openFull(dsn string) (*sql.DB, error) {
	path := strings.TrimPrefix(dsn, "sqlite:")
	db, err := sql.Open("sqlite", path+"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=foreign_keys(ON)"+
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(4)
	db.SetConnMaxLifetime(time.Hour)
	return db, nil
}

// work carries out orders until the time is over.
func (e *engine) work(ctx context.Context, length time.Duration) (measure.Result, error) {
	before := commits.Load()
	done, err := measure.DriveCPU(ctx, e.task.AtOnce, length, e.carryOut)
	if after := commits.Load(); after > before {
		done.Use(shop.Commits, float64(after-before))
	}
	return done, err
}

// carryOut carries out one order, and returns when it has ended as it should.
func (e *engine) carryOut(_ context.Context, _ int) error {
	id, content := shop.Order(int(e.number.Add(1)), e.task.Compensated)
	handle, err := dbos.RunWorkflow(e.dbos, carryOut, order{Content: content, ByItem: e.task.ByItem}, dbos.WithWorkflowID(id.String()))
	if err != nil {
		return fmt.Errorf("order %s: %w", id, err)
	}
	got, err := handle.GetResult()
	if err != nil {
		return fmt.Errorf("order %s: %w", id, err)
	}
	want := saga.Completed
	if e.task.Compensated {
		want = saga.Cancelled
	}
	if got != want {
		return fmt.Errorf("order %s: %s, not %s", id, got, want)
	}
	return nil
}
