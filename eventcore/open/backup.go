// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package open

import (
	"context"
	"errors"
	"fmt"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/inspect"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

// Backup copies the store that the DSN names into a new SQLite file at path, while others may write to it: what they
// append meanwhile is left out. The file is complete and checked when it gets its name, and of the store's identity. It
// returns eventcore.ErrNoStore if there is no store, and fs.ErrExist if there is a file.
func Backup(ctx context.Context, dsn, path string, options inspect.Options) (report inspect.Report, err error) {
	of, rest, err := parse(dsn)
	if err != nil {
		return report, err
	}
	store, err := of.open(ctx, rest, Options{Existing: true})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return of.backup(ctx, store, path, options)
}

func backUpFile(ctx context.Context, store eventcore.Store, path string, options inspect.Options) (inspect.Report, error) {
	file, ok := store.(*sqlite.Store)
	if !ok {
		return inspect.Report{}, fmt.Errorf("back up: %T is no file", store)
	}
	return file.Backup(ctx, path, options)
}

// Restore fills the store that the DSN names, which must be new or empty, from a file that Backup has made. It becomes
// the same history as of the backup: its identity, its epoch and the cluster that it serves. Read models begin anew.
// Nobody else may write to it meanwhile. It returns inspect.ErrNotEmpty if the store has events, and
// eventcore.ErrOtherStore if it is empty but has an identity of its own, which it can't lose.
func Restore(ctx context.Context, path, dsn string, options inspect.Options) (report inspect.Report, err error) {
	from, err := sqlite.Open(ctx, path, sqlite.Options{Existing: true})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	id := from.Identity().StoreID
	to, err := Open(ctx, dsn, Options{StoreID: id})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	head, err := to.Head(ctx)
	if own := to.Identity().StoreID; err == nil && head == 0 && own != id {
		return report, fmt.Errorf("restore: %w: the target was created as %s, the backup is of %s: remove the target first",
			eventcore.ErrOtherStore, own, id)
	}
	if err != nil {
		return report, err
	}
	return inspect.Copy(ctx, from, to, options)
}
