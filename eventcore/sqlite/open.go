// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitemigration"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/tail"
)

var (
	// connectionPragmas hold for every connection.
	connectionPragmas = []string{"PRAGMA synchronous = FULL", "PRAGMA cache_size = -2000"}
	// writerPragmas hold for the connection that writes. The index by stream is written all over, so that with a small
	// cache its pages are read again for every append. The WAL grows to 16 MiB, four times the default, before it is
	// written back and used again: a page that changes often is written back less often. Together that is a third more
	// with 256 callers on as many streams.
	writerPragmas = []string{"PRAGMA cache_size = -16000", "PRAGMA wal_autocheckpoint = 4000"}
)

// Open opens the store in the file at path, or creates it, readable by nobody but its owner. The folder must exist.
// ctx bounds the opening alone.
func Open(ctx context.Context, path string, options Options) (*Store, error) {
	options = options.withDefaults()
	if options.Existing {
		if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
			return nil, fmt.Errorf("sqlite: open %s: %w: name the file of one", path, eventcore.ErrNoStore)
		}
	}
	file, err := prepareFile(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	var store *Store
	err = retryBusy(ctx, options.BusyTimeout, func() (err error) {
		store, err = open(ctx, file, options)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", file, err)
	}
	return store, nil
}

func open(ctx context.Context, file string, options Options) (_ *Store, err error) {
	conn, err := sqlite.OpenConn(file, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, conn.Close())
		}
	}()
	// Waiting is left to retryBusy, here and later.
	conn.SetBusyTimeout(0)
	if err := migrate(ctx, conn); err != nil {
		return nil, err
	}
	if err := useWAL(conn); err != nil {
		return nil, err
	}
	identity, err := establish(conn, options.StoreID)
	if err != nil {
		return nil, err
	}
	head, err := readHead(conn)
	if err != nil {
		return nil, err
	}
	readers, err := sqlitex.NewPool(file, sqlitex.PoolOptions{
		Flags: sqlite.OpenReadOnly, PoolSize: options.Readers, PrepareConn: prepareReader,
	})
	if err != nil {
		return nil, err
	}
	return &Store{
		file: file, identity: identity, limits: options.Limits, tail: tail.New(head), readers: readers,
		writer: newWriter(conn, head, options), poller: poller{interval: options.PollInterval},
	}, nil
}

// prepareFile returns the absolute path of the database and makes sure that it exists. The file is created here, as
// SQLite would let others read it. An existing one is not opened: closing it would drop this process's locks on it.
func prepareFile(path string) (string, error) {
	if path == "" {
		return "", errors.New("the path of the database is empty: give the path of a file")
	}
	file, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("path %s: %w", path, err)
	}
	folder := filepath.Dir(file)
	switch info, err := os.Stat(folder); {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("open %s: the folder %s does not exist: create it first", file, folder)
	case err != nil:
		return "", fmt.Errorf("open %s: %w", file, err)
	case !info.IsDir():
		return "", fmt.Errorf("open %s: %s is not a folder", file, folder)
	}
	created, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the operator names it.
	if err == nil {
		return file, created.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("create the database: %w", err)
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return "", fmt.Errorf("open %s: it is a folder: give the path of a file in it", file)
	}
	return file, nil
}

func migrate(ctx context.Context, conn *sqlite.Conn) error {
	if err := sqlitemigration.Migrate(ctx, conn, schema); err != nil {
		return fmt.Errorf("this is no event store of ours, or it is damaged: %w", err)
	}
	version, err := queryInt(conn, "PRAGMA user_version")
	if err != nil {
		return err
	}
	if known := int64(len(schema.Migrations)); version > known {
		return fmt.Errorf("it was written by a later version (schema %d, this one knows %d): upgrade", version, known)
	}
	return nil
}

// useWAL switches a new database over. Before migrate has said that the file is ours, nothing in it may change.
func useWAL(conn *sqlite.Conn) error {
	mode := ""
	err := each(conn, "PRAGMA journal_mode = wal", func(stmt *sqlite.Stmt) (bool, error) {
		mode = stmt.ColumnText(0)
		return true, nil
	})
	if err == nil && mode != "wal" {
		err = fmt.Errorf("its file system does not support a write-ahead log (journal mode %s): use a local disk", mode)
	}
	return errors.Join(err, configure(conn), execPragmas(conn, writerPragmas), keepBuffers(conn))
}

// keepBuffers keeps a buffer of each size that SQLite takes and gives back whenever it splits a page of an index. The
// allocator beneath it, in Go, returns a block of 64 KiB to the operating system as soon as nothing in it is used, and
// would map and unmap one for every split: an eighth of the CPU time of 256 callers. What is bound to a statement is
// kept until the connection closes; these are never run.
func keepBuffers(conn *sqlite.Conn) error {
	for size := 4 << 10; size <= 16<<10; size *= 2 {
		stmt, err := conn.Prepare(fmt.Sprintf("SELECT ?1 -- %d bytes", size))
		if err != nil {
			return err
		}
		stmt.BindBytes(1, make([]byte, size))
	}
	return nil
}

// establish reads the history's identity, and gives it one if it is new.
func establish(conn *sqlite.Conn, storeID uuid.UUID) (identity eventcore.Identity, err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return identity, err
	}
	defer end(&err)
	create := "INSERT INTO store (singleton, store_id, epoch, fence) VALUES (1, ?1, 1, 0) ON CONFLICT DO NOTHING"
	if err := execute(conn, create, storeID[:]); err != nil {
		return identity, err
	}
	identity, _, err = readIdentity(conn)
	return identity, err
}

func prepareReader(conn *sqlite.Conn) error {
	if err := configure(conn); err != nil {
		return err
	}
	return sqlitex.ExecuteTransient(conn, "PRAGMA query_only = 1", nil)
}

func configure(conn *sqlite.Conn) error { return execPragmas(conn, connectionPragmas) }

func execPragmas(conn *sqlite.Conn, pragmas []string) error {
	for _, pragma := range pragmas {
		if err := sqlitex.ExecuteTransient(conn, pragma, nil); err != nil {
			return err
		}
	}
	return nil
}
