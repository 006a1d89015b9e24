// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/saga"
)

var now = time.Date(2026, time.February, 3, 4, 5, 6, 789, time.UTC)

func record(t *testing.T, book *ledger.Ledger, request ledger.Request, decide func(*ledger.Tx) error) ledger.Entry {
	t.Helper()
	entry, _, err := book.Record(t.Context(), request, now, decide)
	if err != nil {
		t.Fatalf("record %s: %v", request.Key, err)
	}
	return entry
}

func entries(t *testing.T, book *ledger.Ledger) []ledger.Entry {
	t.Helper()
	var found []ledger.Entry
	for entry, err := range book.Entries(t.Context()) {
		if err != nil {
			t.Fatalf("read the ledger: %v", err)
		}
		found = append(found, entry)
	}
	return found
}

func usd(minor int64) saga.Money { return saga.Money{Currency: "USD", Minor: minor} }

func TestALedgerOutlivesItsClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "what? is #this.db")
	book, err := ledger.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	request := ledger.Request{Key: "key", Kind: ledger.Refund, Subject: "ch_1", Correlation: "store/shop/order/1", Amount: usd(1999)}
	done := record(t, book, request, nil)
	request.Key = "refused"
	refused := record(t, book, request, func(*ledger.Tx) error { return &calls.Refusal{Code: "no", Message: "Never"} })
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []ledger.Entry{done, refused} {
		found, err := ledgertest.Open(t, path).Find(t.Context(), want.Key)
		if err != nil || found == nil {
			t.Fatalf("%s: found %v, %v", want.Key, found, err)
		}
		if want.Refusal != nil {
			if *found.Refusal != *want.Refusal {
				t.Errorf("found %v instead of %v", found.Refusal, want.Refusal)
			}
			found.Refusal = want.Refusal
		}
		if *found != want {
			t.Errorf("found %+v instead of %+v", *found, want)
		}
	}
}

func TestALedgerIsForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	record(t, ledgertest.Open(t, path), ledger.Request{Key: "key"}, nil)
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) != 3 {
		t.Fatalf("the ledger is in %v, %v", files, err)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode(); mode != 0o600 {
			t.Errorf("%s has the mode %v", filepath.Base(file), mode)
		}
	}
}

func TestLedgersInMemoryAreSeparate(t *testing.T) {
	one, other := ledgertest.Open(t, ""), ledgertest.Open(t, "")
	record(t, one, ledger.Request{Key: "key"}, nil)
	if found := entries(t, other); len(found) > 0 {
		t.Errorf("the other ledger has %+v", found)
	}
}

func TestAnotherProgramsDatabaseIsNoLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	conn, err := sqlite.OpenConn(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sqlitex.ExecuteTransient(conn, "CREATE TABLE other (id)", nil), conn.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(t.Context(), path); err == nil {
		t.Error("it was opened")
	}
}

func TestManyOpenANewLedgerAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	var running sync.WaitGroup
	for i := range 16 {
		running.Go(func() {
			book, err := ledger.Open(t.Context(), path)
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			_, _, err = book.Record(t.Context(), ledger.Request{Key: strconv.Itoa(i)}, now, nil)
			if err := errors.Join(err, book.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if found := entries(t, ledgertest.Open(t, path)); len(found) != 16 {
		t.Errorf("%d entries of 16 are left", len(found))
	}
}

func TestEntriesComeInTheOrderOfTheirRecording(t *testing.T) {
	book := ledgertest.Open(t, "")
	var want, got []string
	for i := range 600 { // more than two pages
		key := fmt.Sprintf("key-%d", (i*7919)%600)
		record(t, book, ledger.Request{Key: key}, nil)
		want = append(want, key)
	}
	for entry, err := range book.Entries(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if found, err := book.Find(t.Context(), entry.Key); err != nil || found == nil {
			t.Fatalf("the loop can't use the ledger: %v", err)
		}
		got = append(got, entry.Key)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d entries are in disorder, or not all of %d", len(got), len(want))
	}
	for _, err := range book.Entries(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		break // must not go on
	}
}

func TestNothingIsRecordedWhenDecideFails(t *testing.T) {
	book := ledgertest.Open(t, "")
	failure := errors.New("can't decide")
	_, _, err := book.Record(t.Context(), ledger.Request{Key: "key"}, now, func(*ledger.Tx) error { return failure })
	if !errors.Is(err, failure) {
		t.Errorf("the error is %v", err)
	}
	if found := entries(t, book); len(found) > 0 {
		t.Errorf("the ledger has %+v", found)
	}
}

func TestARequestNeedsAKey(t *testing.T) {
	book := ledgertest.Open(t, "")
	if _, _, err := book.Record(t.Context(), ledger.Request{}, now, nil); err == nil {
		t.Error("it was recorded without a key")
	}
	if err := book.Fence(t.Context(), "", now); err == nil {
		t.Error("it was fenced without a key")
	}
}

func TestAttemptsAreCountedByKeyAndMakeNoEntry(t *testing.T) {
	book := ledgertest.Open(t, "")
	var counts []int
	for _, key := range []string{"key", "key", "other", "key"} {
		count, err := book.Attempt(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, count)
	}
	if want := []int{1, 2, 1, 3}; !slices.Equal(counts, want) {
		t.Errorf("counted %v instead of %v", counts, want)
	}
	if found := entries(t, book); len(found) > 0 {
		t.Errorf("the ledger has %+v", found)
	}
}

func TestAWriterWaitsForAnotherNoLongerThanItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	one, other := ledgertest.Open(t, path), ledgertest.Open(t, path)
	record(t, one, ledger.Request{Key: "holds the lock"}, func(*ledger.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, _, err := other.Record(ctx, ledger.Request{Key: "waits"}, now, nil)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the waiting writer got %v", err)
		}
		if _, err := other.Find(t.Context(), "waits"); err != nil {
			t.Errorf("a reader can't read: %v", err)
		}
		return nil
	})
	record(t, other, ledger.Request{Key: "waits"}, nil)
}
