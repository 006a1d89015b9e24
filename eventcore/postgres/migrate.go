// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/eventcore/order-operator/eventcore"
)

// migrate brings the schema up to date and returns the head. Only one process does so at a time; one whose role may not
// change the schema is content with one that is up to date.
func migrate(
	ctx context.Context, conn *pgx.Conn, sql *statements, options Options,
) (headRow, eventcore.Identity, error) {
	version, err := schemaVersion(ctx, conn, sql)
	if err == nil && version == 0 && options.Existing {
		err = eventcore.ErrNoStore
	}
	if err == nil && version != len(migrations) {
		err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
			return raiseSchema(ctx, tx, sql, options.StoreID)
		})
	}
	if err != nil {
		return headRow{}, eventcore.Identity{}, err
	}
	return readIdentity(ctx, conn, sql)
}

func readIdentity(ctx context.Context, conn *pgx.Conn, sql *statements) (headRow, eventcore.Identity, error) {
	head, identity := headRow{}, eventcore.Identity{}
	row := conn.QueryRow(ctx, sql.selectIdentity)
	err := row.Scan(&head.position, &head.streams, &head.fence, (*[16]byte)(&identity.StoreID), &identity.Epoch)
	return head, identity, err
}

// schemaVersion returns 0 if there is nothing yet.
func schemaVersion(ctx context.Context, db querier, sql *statements) (int, error) {
	exists, version := false, 0
	// Not to_regclass: it may not notice what was committed since the transaction began.
	find := "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'migrations')"
	if err := db.QueryRow(ctx, find, sql.schema).Scan(&exists); err != nil || !exists {
		return 0, err
	}
	if err := db.QueryRow(ctx, sql.selectSchemaVersion).Scan(&version); err != nil {
		return 0, err
	}
	if version > len(migrations) {
		return 0, fmt.Errorf("it was written by a later version (schema %d, this one knows %d): upgrade",
			version, len(migrations))
	}
	return version, nil
}

type querier interface {
	QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row
}

func raiseSchema(ctx context.Context, tx pgx.Tx, sql *statements, storeID uuid.UUID) error {
	lock := "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))"
	if _, err := tx.Exec(ctx, lock, "eventcore migrates "+sql.schema); err != nil {
		return err
	}
	version, err := schemaVersion(ctx, tx, sql)
	if err != nil {
		return err
	}
	if version == 0 {
		if err := script(ctx, tx, sql.createSchema); err != nil {
			return fmt.Errorf("create the schema: %w", err)
		}
	}
	for number := version + 1; number <= len(migrations); number++ {
		if err := script(ctx, tx, sql.named(migrations[number-1])); err != nil {
			return fmt.Errorf("migration %d (is the schema in use by something else?): %w", number, err)
		}
		if _, err := tx.Exec(ctx, sql.insertSchemaVersion, number); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, sql.insertHead, storeID.String())
	return err
}

// script runs several statements at once.
func script(ctx context.Context, tx pgx.Tx, text string) error {
	_, err := tx.Conn().PgConn().Exec(ctx, text).ReadAll()
	return err
}

// checkServer refuses a server that would lose what it has acknowledged, or that cannot be written to.
func checkServer(ctx context.Context, conn *pgx.Conn) error {
	version, commit, standby := 0, "", false
	row := conn.QueryRow(ctx, `
SELECT current_setting('server_version_num')::bigint, current_setting('synchronous_commit'), pg_is_in_recovery()`)
	if err := row.Scan(&version, &commit, &standby); err != nil {
		return err
	}
	var problems []string
	if version < 130000 {
		problems = append(problems, fmt.Sprintf("its version is %d: 13 or later is needed", version/10000))
	}
	if commit == "off" {
		problems = append(problems, "synchronous_commit is off: a crash would lose acknowledged events")
	}
	if standby {
		problems = append(problems, "it is a standby: connect to the primary (target_session_attrs=read-write)")
	}
	if len(problems) > 0 {
		return errors.New("the server cannot be used: " + strings.Join(problems, "; "))
	}
	return nil
}
