// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/postgres"
)

// throughProxy returns a store on a new database behind a proxy, with one event in it. contended makes the store take
// the head row's lock for the next append.
func throughProxy(t *testing.T, contended bool, options postgres.Options) (*proxy, *postgres.Store) {
	t.Helper()
	dsn := server.Database(t)
	p, through := newProxy(t, dsn)
	store := openStore(t, through, options)
	mustAppend(t, store, pending("{}", "a"))
	if contended {
		mustAppend(t, openStore(t, dsn, options), pending("{}", "a"))
		mustAppend(t, store, pending("{}", "a"))
	}
	return p, store
}

func marked() eventcore.AppendRequest {
	event := pending(`"`+marker+`"`, "a")
	event.Payload = "decoded"
	return eventcore.AppendRequest{ID: uuid.New(), Events: []eventcore.Event{event}}
}

// expectOnce says that the append is the last one in the log, and that it is there once.
func expectOnce(t *testing.T, store *postgres.Store, request eventcore.AppendRequest) {
	t.Helper()
	count := 0
	events := readAll(t, store)
	for _, event := range events {
		if event.ID == request.Events[0].ID {
			count++
		}
	}
	if count != 1 || events[len(events)-1].ID != request.Events[0].ID {
		t.Errorf("the append is in the log %d times, want once, as the last", count)
	}
}

var contention = map[string]bool{"alone": false, "while others write": true}

func TestALateStatementCannotLandAfterTheAppendWasGivenUp(t *testing.T) {
	p, store := throughProxy(t, false, postgres.Options{})
	held := p.arm(hold)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-held
		cancel()
	}()
	_, err := store.Append(ctx, marked())
	if !errors.Is(err, context.Canceled) || errors.Is(err, eventcore.ErrOutcomeUnknown) {
		t.Errorf("got %v, want the context's error, and certainty", err)
	}
	expectHead(t, store, 1)
	p.release(t)
	expectHead(t, store, 1)
	mustAppend(t, store, pending("{}", "a"))
	if events := readAll(t, store); len(events) != 2 {
		t.Errorf("%d events, want 2", len(events))
	}
}

func TestAnAppendThatDidNotArriveIsMadeAgainOnce(t *testing.T) {
	p, store := throughProxy(t, false, postgres.Options{})
	p.arm(cut)
	request := marked()
	appended, err := store.Append(t.Context(), request)
	if err != nil || appended.Previous != 1 || appended.Events[0].Streams[0].Version != 2 {
		t.Errorf("got %+v, %v; want position 2", appended, err)
	}
	p.release(t)
	expectOnce(t, store, request)
}

func TestAnAppendWhoseReplyIsLostIsASuccess(t *testing.T) {
	for name, contended := range contention {
		t.Run(name, func(t *testing.T) {
			p, store := throughProxy(t, contended, postgres.Options{})
			p.arm(lose)
			request := marked()
			before, err := store.Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			appended, err := store.Append(t.Context(), request)
			if err != nil || appended.Previous != before || appended.Events[0].Position != before+1 {
				t.Errorf("got %+v, %v; want it at position %d", appended, err, before+1)
			}
			expectOnce(t, store, request)
			mustAppend(t, store, pending("{}", "a"))
			readAll(t, store)
		})
	}
}

func TestAnAppendIsUnknownUntilTheServerCanBeReached(t *testing.T) {
	for name, happened := range map[string]bool{"it happened": true, "it did not": false} {
		t.Run(name, func(t *testing.T) {
			p, store := throughProxy(t, false, postgres.Options{Patience: time.Second})
			fault := cut
			if happened {
				fault = lose
			}
			p.arm(fault)
			p.setDown(true)
			request := marked()
			request.Head = 1
			if _, err := store.Append(t.Context(), request); !errors.Is(err, eventcore.ErrOutcomeUnknown) {
				t.Fatalf("got %v, want ErrOutcomeUnknown", err)
			}
			p.setDown(false)
			appended, found, err := store.Resolve(t.Context(), request)
			if err != nil || found != happened {
				t.Errorf("resolve: %+v, %t, %v; want %t", appended, found, err, happened)
			}
			if happened {
				expectOnce(t, store, request)
				return
			}
			p.release(t)
			if _, err := store.Append(t.Context(), request); !errors.Is(err, eventcore.ErrFenced) {
				t.Errorf("append afterwards: %v, want ErrFenced", err)
			}
			expectHead(t, store, 1)
		})
	}
}

func TestAnUnreachableServerIsAnErrorAndNothingIsWritten(t *testing.T) {
	p, store := throughProxy(t, false, postgres.Options{})
	impatient := openStore(t, p.dsn, postgres.Options{Patience: 50 * time.Millisecond})
	p.setDown(true)
	_, err := appendEvents(t.Context(), impatient, pending("{}", "a"))
	if err == nil || errors.Is(err, eventcore.ErrOutcomeUnknown) {
		t.Errorf("got %v, want an error, and certainty", err)
	}
	p.setDown(false)
	mustAppend(t, store, pending("{}", "a"))
	expectHead(t, store, 2)
}

func TestAnAppendWaitsForAnothersLockUntilItsPatienceOrItsContextEnds(t *testing.T) {
	dsn := server.Database(t)
	store := openStore(t, dsn, postgres.Options{Patience: time.Second})
	unlock := lockHead(t, dsn)
	_, err := appendEvents(t.Context(), store, pending("{}", "a"))
	if err == nil {
		t.Error("it was appended while another held the lock")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	patient := openStore(t, dsn, postgres.Options{})
	go unlock()
	if _, err := appendEvents(ctx, patient, pending("{}", "b")); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want success or context.DeadlineExceeded", err)
	}
	mustAppend(t, patient, pending("{}", "c"))
	readAll(t, patient)
}
