// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventcore/order-operator/eventcore"
)

func TestOnlyAnErrorThatLeavesTheSessionAliveProvesThatNothingWasWritten(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		lost bool
	}{
		"an ordinary error":             {&pgconn.PgError{Severity: "ERROR", Code: "23505"}, false},
		"the same in another language":  {&pgconn.PgError{Severity: "FEHLER", SeverityUnlocalized: "ERROR", Code: "23505"}, false},
		"a cancelled statement":         {&pgconn.PgError{SeverityUnlocalized: "ERROR", Code: "57014"}, false},
		"an administrator's shutdown":   {&pgconn.PgError{SeverityUnlocalized: "FATAL", Code: adminShutdown}, true},
		"a pooler that lost the server": {&pgconn.PgError{Severity: "FATAL", Code: "08P01"}, true},
		"a lost connection":             {fmt.Errorf("read: %w", io.ErrUnexpectedEOF), true},
		"an ended context":              {context.DeadlineExceeded, true},
	} {
		t.Run(name, func(t *testing.T) {
			err := sent(test.err, eventcore.Appended{})
			if _, lost := errors.AsType[*lostReply](err); lost != test.lost || !errors.Is(err, test.err) {
				t.Errorf("got %v, lost: %t; want %t", err, lost, test.lost)
			}
		})
	}
}

func TestOnlyWhatMayPassIsTriedAgain(t *testing.T) {
	for err, want := range map[error]bool{
		&pgconn.PgError{Code: serializationFailure}: true,
		&pgconn.PgError{Code: deadlockDetected}:     true,
		&pgconn.PgError{Code: adminShutdown}:        true,
		&pgconn.PgError{Code: cannotConnectNow}:     true,
		&pgconn.PgError{Code: "08006"}:              true,
		&pgconn.PgError{Code: "28P01"}:              false,
		&pgconn.PgError{Code: "42501"}:              false,
		&pgconn.PgError{}:                           false,
		io.EOF:                                      true,
		errHeadMoved:                                false,
		eventcore.ErrFenced:                         false,
		errors.New("failed to encode"):              false,
	} {
		if got := isTransient(err); got != want {
			t.Errorf("%v: %t, want %t", err, got, want)
		}
	}
}

func TestASearchForTheOutcomeEndsWithPatienceThoughTheCallerHasGone(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	leave()
	ctx, cancel := outlive(gone, 10*time.Millisecond)
	defer cancel()
	if ctx.Err() != nil {
		t.Fatal("it has ended with the caller")
	}
	<-ctx.Done()
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("it ended with %v, want the deadline", ctx.Err())
	}
}

func TestVersionsStayRightWhenTheCacheOfHeadsTurnsOver(t *testing.T) {
	h := newHeads(headRow{})
	for i := range 3 * headsKept {
		id := eventcore.StreamID(strconv.Itoa(i))
		h.staged[id] = streamHead{id: int64(i + 1), version: 1}
		h.commit(headRow{position: int64(i + 1)})
		if head, found := h.find(id); !found || head.id != int64(i+1) {
			t.Fatalf("stream %d: %+v, %t", i, head, found)
		}
		if len(h.recent) > headsKept || len(h.older) > headsKept {
			t.Fatalf("%d and %d heads are kept", len(h.recent), len(h.older))
		}
	}
}
