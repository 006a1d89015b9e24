// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripefake

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"zombiezen.com/go/sqlite"
)

// Ledger is what the fake did: the witness.
type Ledger struct {
	Intents  []*Intent
	Refunds  []*Refund
	Requests []Request
}

// Request is a request that the fake was sent, however it ended.
type Request struct {
	Operation Operation
	Key       string
	Form      url.Values
	Fault     Fault
	// Headers are without the API key.
	Headers http.Header
}

// Books returns what the customers were charged and what was returned to them, in the smallest unit of the currency, by
// the correlation in the metadata. Authorisations count as nothing.
func (l Ledger) Books() map[string]int64 {
	books := map[string]int64{}
	orders := map[string]string{}
	for _, intent := range l.Intents {
		orders[intent.ID] = intent.Metadata["correlation"]
		books[orders[intent.ID]] += intent.AmountReceived
	}
	for _, refund := range l.Refunds {
		if refund.Status != "failed" && refund.Status != canceled {
			books[orders[refund.PaymentIntent]] -= refund.Amount
		}
	}
	return books
}

// control serves what tests tell the fake, and read from it.
func (s *server) control(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var result any
	var err error
	switch r.URL.Path {
	case "/fake/fault":
		err = s.book.change(r.Context(), func(t tx) error {
			return t.exec(`INSERT INTO faults (operation, fault, times) VALUES (?, ?, ?)`,
				query.Get("operation"), query.Get("fault"), query.Get("times"))
		})
	case "/fake/clock":
		err = s.advance(r.Context(), query.Get("by"))
	case "/fake/release":
		err = s.release(r.Context())
	case "/fake/ledger":
		result, err = s.ledger(r.Context())
	default:
		err = errors.New("there is no such control")
	}
	report(w, result, err)
}

func (s *server) advance(ctx context.Context, by string) error {
	span, err := time.ParseDuration(by)
	if err != nil {
		return err
	}
	return s.book.change(ctx, func(t tx) error {
		return t.exec(`UPDATE clock SET advanced = advanced + ?`, int64(span))
	})
}

// release lets held requests arrive.
func (s *server) release(ctx context.Context) error {
	var arrived []request
	err := s.book.change(ctx, func(t tx) error {
		if err := t.each(func(row *sqlite.Stmt) error {
			form, err := url.ParseQuery(row.ColumnText(3))
			held := request{method: row.ColumnText(0), path: row.ColumnText(1), key: row.ColumnText(2), form: form}
			held.operation, held.id = route(held.method, held.path)
			arrived = append(arrived, held)
			return err
		}, `SELECT method, url, key, form FROM held ORDER BY seq`); err != nil {
			return err
		}
		return t.exec(`DELETE FROM held`)
	})
	for _, held := range arrived {
		if err != nil {
			return err
		}
		_, err = s.answer(ctx, held)
	}
	return err
}

func (s *server) ledger(ctx context.Context) (l Ledger, err error) {
	err = s.book.change(ctx, func(t tx) (err error) {
		if l.Intents, err = objects[*Intent](t, "payment_intent", "true ORDER BY seq"); err != nil {
			return err
		}
		if l.Refunds, err = objects[*Refund](t, "refund", "true ORDER BY seq"); err != nil {
			return err
		}
		return t.each(func(row *sqlite.Stmt) error {
			form, err := url.ParseQuery(row.ColumnText(2))
			if err != nil {
				return err
			}
			made := Request{Operation: Operation(row.ColumnText(0)), Key: row.ColumnText(1), Form: form, Fault: Fault(row.ColumnText(3))}
			err = json.Unmarshal([]byte(row.ColumnText(4)), &made.Headers)
			l.Requests = append(l.Requests, made)
			return err
		}, `SELECT operation, key, form, fault, headers FROM requests ORDER BY seq`)
	})
	return l, err
}
