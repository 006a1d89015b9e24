// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventcore/order-operator/eventcore"
)

// SQLSTATEs.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	adminShutdown        = "57P01"
	crashShutdown        = "57P02"
	cannotConnectNow     = "57P03"
	tooManyConnections   = "53300"
	connectionException  = "08" // a class
)

// lostReply says that an append was sent and that nobody knows whether it has happened.
type lostReply struct {
	cause    error
	appended eventcore.Appended
}

func (e *lostReply) Error() string { return "the reply to an append was lost: " + e.cause.Error() }

func (e *lostReply) Unwrap() error { return e.cause }

// sent returns what an error means that came after the append was handed to the connection. An error that the server
// reports ends the transaction, if it does not end the session as well: then it could come after the commit. A pooler
// reports in the server's name that it has lost the server, and ends the session too.
func sent(err error, appended eventcore.Appended) error {
	if reported, ok := errors.AsType[*pgconn.PgError](err); ok && severity(reported) == "ERROR" {
		return err
	}
	if pgconn.SafeToRetry(err) {
		return err
	}
	return &lostReply{cause: err, appended: appended}
}

// severity is the same in all languages.
func severity(err *pgconn.PgError) string {
	if err.SeverityUnlocalized != "" {
		return err.SeverityUnlocalized
	}
	return err.Severity
}

func hasCode(err error, code string) bool {
	reported, ok := errors.AsType[*pgconn.PgError](err)
	return ok && reported.Code == code
}

// isTransient reports whether an attempt that has written nothing may succeed if it is repeated.
func isTransient(err error) bool {
	if reported, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch reported.Code {
		case serializationFailure, deadlockDetected, adminShutdown, crashShutdown, cannotConnectNow, tooManyConnections:
			return true
		}
		return reported.Code[:min(2, len(reported.Code))] == connectionException
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	lost := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
	return lost || pgconn.SafeToRetry(err)
}

func rolledBack(seen, head eventcore.Position) error {
	return fmt.Errorf("postgres: %w: position %d was seen, its head is %d", eventcore.ErrRolledBack, seen, head)
}

// readError returns the context's error if that is what ended the work.
func readError(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func sleep(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
