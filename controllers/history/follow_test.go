// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/eventcore/order-operator/controllers/history"
	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/test/openapi"
)

// often is a heartbeat for tests that wait for one, seldom for those that want none.
const (
	often  = 5 * time.Millisecond
	seldom = time.Hour
)

// follower reads a followed order line by line.
type follower struct {
	*testing.T
	response *http.Response
	lines    *bufio.Scanner
	stop     context.CancelFunc
}

func (o *office) follow(query string) *follower {
	o.Helper()
	ctx, stop := context.WithTimeout(o.Context(), time.Minute)
	response := o.open(ctx, firstPath+"?follow=true"+query, secret)
	o.Cleanup(func() {
		stop()
		_ = response.Body.Close()
	})
	return &follower{T: o.T, response: response, lines: bufio.NewScanner(response.Body), stop: stop}
}

// next returns the next line.
func (f *follower) next() historyv1.Line {
	f.Helper()
	if !f.lines.Scan() {
		f.Fatalf("no more lines: %v", f.lines.Err())
	}
	var line historyv1.Line
	if err := json.Unmarshal(f.lines.Bytes(), &line); err != nil {
		f.Fatalf("%v: %s", err, f.lines.Bytes())
	}
	return line
}

// nextEvent returns the next line that is no heartbeat.
func (f *follower) nextEvent() string {
	f.Helper()
	for {
		line := f.next()
		switch {
		case line.Event != nil:
			return fmt.Sprintf("%d %s", line.Event.Position, line.Event.Type)
		case line.End != nil:
			return fmt.Sprintf("%s, from %d", line.End.Reason, line.End.From)
		}
	}
}

func TestAnOrderIsFollowedAsItHappens(t *testing.T) {
	o := newOffice(t, history.Limits{Heartbeat: seldom})
	o.records(first, supplied())
	o.records(first, ordered()...)
	f := o.follow("")
	if line := f.next(); line.Heartbeat == nil {
		t.Fatalf("it began with %+v, wanted a sign that it is connected", line)
	}
	expect := func(want ...string) {
		t.Helper()
		for _, event := range want {
			if got := f.nextEvent(); got != event {
				t.Fatalf("got %s, wanted %s", got, event)
			}
		}
	}
	expect("2 OrderCreated", "3 StockReserved")
	o.records(first, paid(first)...)
	expect("4 PaymentRequested", "5 PaymentProcessed")
	o.records(saga.OrderID{Namespace: "shop", Name: "order-002"}, ordered()...)
	o.records(first, shipped(first)...)
	expect("8 ShipmentRequested", "9 ShipmentCreated", "10 OrderCompleted")

	if got := o.follow("&from=9").nextEvent(); got != "9 ShipmentCreated" {
		t.Errorf("from 9 on it began with %s", got)
	}
}

func TestAnOrderCanBeFollowedBeforeItExists(t *testing.T) {
	o := newOffice(t, history.Limits{Heartbeat: seldom})
	f := o.follow("")
	f.next()
	o.records(first, ordered()...)
	if got := f.nextEvent(); got != "1 OrderCreated" {
		t.Errorf("it began with %s", got)
	}
}

func TestHeartbeatsSayHowFarEverythingWasSent(t *testing.T) {
	o := newOffice(t, history.Limits{Heartbeat: often})
	o.records(first, ordered()...)
	f := o.follow("")
	for {
		if line := f.next(); line.Heartbeat != nil && line.Heartbeat.Position == 2 {
			return
		}
	}
}

func TestFollowingEndsWithTheRightTo(t *testing.T) {
	for reason, err := range map[string]error{
		historyv1.EndForbidden:    apierrors.NewForbidden(schema.GroupResource{Resource: "orders"}, "order-001", nil),
		historyv1.EndUnauthorized: apierrors.NewUnauthorized("expired"),
	} {
		t.Run(reason, func(t *testing.T) {
			o := newOffice(t, history.Limits{Heartbeat: often})
			o.records(first, ordered()...)
			f := o.follow("")
			f.nextEvent()
			f.nextEvent()
			o.gate.close(err)
			if got := f.nextEvent(); got != reason+", from 3" {
				t.Errorf("it ended with %s", got)
			}
			if f.lines.Scan() {
				t.Errorf("after the end came %s", f.lines.Bytes())
			}
		})
	}
}

func TestFollowingIsBounded(t *testing.T) {
	o := newOffice(t, history.Limits{Heartbeat: seldom, FollowFor: 20 * time.Millisecond})
	o.records(first, ordered()...)
	f := o.follow("")
	if got := []string{f.nextEvent(), f.nextEvent(), f.nextEvent()}; !slices.Equal(got, []string{"1 OrderCreated", "2 StockReserved", "TimedOut, from 3"}) {
		t.Errorf("got %q", got)
	}
}

func TestSoManyMayFollowAndNoMore(t *testing.T) {
	o := newOffice(t, history.Limits{Heartbeat: often, FollowersPerUser: 1})
	o.records(first, ordered()...)
	f := o.follow("")
	f.next()
	refused := o.open(t.Context(), firstPath+"?follow=true", secret)
	_ = refused.Body.Close()
	if refused.StatusCode != http.StatusTooManyRequests || refused.Header.Get("Retry-After") == "" {
		t.Fatalf("the second was answered %s %v", refused.Status, refused.Header)
	}
	f.stop()
	for { // the first one's place is free once the operator has noticed
		response := o.open(t.Context(), firstPath+"?follow=true", secret)
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return
		}
	}
}

func TestAStoreThatFailsEndsFollowing(t *testing.T) {
	o := newOffice(t, history.Limits{Heartbeat: seldom})
	o.records(first, ordered()...)
	f := o.follow("")
	f.nextEvent()
	f.nextEvent()
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	if got := f.nextEvent(); got != "Failed, from 3" {
		t.Errorf("it ended with %s", got)
	}
}

func TestLinesAreAsDocumented(t *testing.T) {
	document, err := openapi.Load("../../docs/api/history.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o := newOffice(t, history.Limits{Heartbeat: often, FollowFor: 50 * time.Millisecond})
	complete(o, first)
	f := o.follow("")
	kinds := map[string]bool{}
	for f.lines.Scan() {
		if err := document.CheckSchema("Line", f.lines.Bytes()); err != nil {
			t.Errorf("%v: %s", err, f.lines.Bytes())
		}
		kind, _, _ := strings.Cut(strings.TrimPrefix(f.lines.Text(), `{"`), `"`)
		kinds[kind] = true
	}
	if len(kinds) != 3 {
		t.Errorf("there were only %v", kinds)
	}
}
