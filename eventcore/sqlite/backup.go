// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/inspect"
)

// Backup writes a copy of the database, events and read models as of one moment, into a new file at path. Appends go on
// meanwhile, but the WAL grows until all pages are copied. The copy is checked, by SQLite and by inspect.Check, before
// it gets its name: a file at path is complete and sound. One that exists is never overwritten (fs.ErrExist).
//
// The copy is a store of the same identity: opening it in place of the original is a rollback, unless nothing was
// appended since (eventcore.CheckHistory).
func (s *Store) Backup(ctx context.Context, path string, options inspect.Options) (inspect.Report, error) {
	if err := s.enter(ctx); err != nil {
		return inspect.Report{}, err
	}
	defer s.leave()
	report, err := newFile(path, func(file string) (inspect.Report, error) {
		if err := s.copyPages(ctx, file, options); err != nil {
			return inspect.Report{}, readError(ctx, err)
		}
		return verify(ctx, file, options)
	})
	if err != nil {
		return report, fmt.Errorf("sqlite: back up to %s: %w", path, err)
	}
	return report, nil
}

// Export copies the events of any store, up to its head of now, into a new file at path, as inspect.Copy does. Like
// that of Backup, the file is complete and sound, and of the same identity: it is a backup of that store, from which
// inspect.Copy fills a new one.
func Export(ctx context.Context, from eventcore.Store, path string, options inspect.Options) (inspect.Report, error) {
	report, err := newFile(path, func(file string) (report inspect.Report, err error) {
		// The events of a command with an id were one append there, and have to be one again.
		to, err := Open(ctx, file, Options{StoreID: from.Identity().StoreID, Limits: from.Limits()})
		if err != nil {
			return report, err
		}
		defer func() { err = errors.Join(err, to.Close()) }()
		return inspect.Copy(ctx, from, to, options)
	})
	if err != nil {
		return report, fmt.Errorf("sqlite: export to %s: %w", path, err)
	}
	return report, nil
}

// pagesAtOnce are copied between two looks at the context: 4 MiB.
const pagesAtOnce = 1024

// copyPages copies the database as one read transaction sees it. The connection is one of its own: calling the caller's
// code with one of the readers' could make others wait for ever.
func (s *Store) copyPages(ctx context.Context, path string, options inspect.Options) (err error) {
	from, err := openCopying(s.file, sqlite.OpenReadOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	// Without a transaction around all steps, every append would make the copying start again.
	if err := execute(from, "BEGIN"); err != nil {
		return err
	}
	if _, err := readHead(from); err != nil {
		return err
	}
	to, err := openCopying(path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	backup, err := sqlite.NewBackup(to, "main", from, "main")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, backup.Close()) }()
	for more := true; more; {
		if more, err = backup.Step(pagesAtOnce); err != nil {
			return err
		}
		if options.Progress != nil {
			options.Progress("copy pages", backup.PageCount()-backup.Remaining(), backup.PageCount())
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func openCopying(file string, flags sqlite.OpenFlags) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(file, flags)
	if err != nil {
		return nil, err
	}
	if err := configure(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// verify opens the copy as the store that it is, and closes it again, so that it is one file.
func verify(ctx context.Context, path string, options inspect.Options) (report inspect.Report, err error) {
	store, err := Open(ctx, path, Options{})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	problem := ""
	err = store.withReader(ctx, func(conn *sqlite.Conn) error {
		return each(conn, "PRAGMA integrity_check(1)", func(stmt *sqlite.Stmt) (bool, error) {
			problem = stmt.ColumnText(0)
			return false, nil
		})
	})
	if err == nil && problem != "ok" {
		err = fmt.Errorf("%w: %s", inspect.ErrDamaged, problem)
	}
	if err != nil {
		return report, err
	}
	if report, err = inspect.Check(ctx, store, options); err != nil {
		return report, err
	}
	return report, report.Err()
}
