// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
)

// ledgerOfChild makes the test binary one of several processes on the ledger.
const ledgerOfChild = "LEDGER_OF_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(ledgerOfChild); path != "" {
		if err := child(context.Background(), path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const (
	keys   = 40
	charge = 300
)

// child requests what its siblings request too, and refunds of one charge under keys of its own, as soon as its input ends.
func child(ctx context.Context, path string) error {
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	book, err := ledger.Open(ctx, path)
	if err != nil {
		return err
	}
	for i := range keys {
		shared := ledger.Request{Key: fmt.Sprintf("shared-%d", i), Kind: ledger.Charge, Amount: usd(charge)}
		if _, _, err := book.Record(ctx, shared, now, nil); err != nil {
			return err
		}
		own := ledger.Request{
			Key: fmt.Sprintf("refund-%d-of-%d", i, os.Getpid()), Kind: ledger.Refund, Subject: "ch_shared", Amount: usd(10),
		}
		if _, _, err := book.Record(ctx, own, now, withinCharge); err != nil {
			return err
		}
		if _, err := book.Attempt(ctx, "shared"); err != nil {
			return err
		}
	}
	return book.Close()
}

func withinCharge(tx *ledger.Tx) error {
	_, refunded, err := tx.Total(ledger.Refund, "ch_shared")
	if err == nil && refunded+10 > charge {
		err = &calls.Refusal{Code: "too_much"}
	}
	return err
}

func TestProcessesShareALedger(t *testing.T) {
	const children = 3
	path := filepath.Join(t.TempDir(), "ledger.db")
	var start []io.Closer
	var running []*exec.Cmd
	for range children {
		command := exec.CommandContext(t.Context(), os.Args[0])
		command.Env = append(os.Environ(), ledgerOfChild+"="+path)
		command.Stderr = os.Stderr
		input, err := command.StdinPipe()
		if err := errors.Join(err, command.Start()); err != nil {
			t.Fatal(err)
		}
		start, running = append(start, input), append(running, command)
	}
	for _, input := range start {
		if err := input.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range running {
		if err := command.Wait(); err != nil {
			t.Errorf("a child failed: %v", err)
		}
	}
	book := ledgertest.Open(t, path)
	counts := map[ledger.Kind]map[ledger.State]int{ledger.Charge: {}, ledger.Refund: {}}
	for _, entry := range entries(t, book) {
		counts[entry.Kind][entry.State]++
		if entry.Kind == ledger.Charge && entry.Requests != children {
			t.Errorf("%s was requested %d times instead of %d", entry.Key, entry.Requests, children)
		}
	}
	if got := counts[ledger.Charge][ledger.Done]; got != keys {
		t.Errorf("%d charges are recorded instead of %d", got, keys)
	}
	done, refused := counts[ledger.Refund][ledger.Done], counts[ledger.Refund][ledger.Refused]
	if done != charge/10 || refused != children*keys-done {
		t.Errorf("%d refunds were done and %d refused", done, refused)
	}
	if attempts, err := book.Attempt(t.Context(), "shared"); err != nil || attempts != children*keys+1 {
		t.Errorf("%d attempts were counted, %v", attempts, err)
	}
}
