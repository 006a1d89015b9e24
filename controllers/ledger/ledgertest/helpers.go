// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"errors"
	"testing"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
)

// Open opens the ledger in the file, or in memory if there is no path, and closes it after the test.
func Open(t *testing.T, path string) *ledger.Ledger {
	t.Helper()
	book, err := ledger.Open(t.Context(), path)
	if err != nil {
		t.Fatalf("open the ledger: %v", err)
	}
	t.Cleanup(func() {
		if err := book.Close(); err != nil {
			t.Errorf("close the ledger: %v", err)
		}
	})
	return book
}

// Code returns the code of the refusal, or nothing if the error is no refusal.
func Code(err error) string {
	if refusal, ok := errors.AsType[*calls.Refusal](err); ok {
		return refusal.Code
	}
	return ""
}
