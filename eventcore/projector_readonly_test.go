// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"testing"
	"testing/synctest"

	"github.com/eventcore/order-operator/eventcore"
)

// TestAProjectorThatOnlyReadsLeavesTheReadModelToAnotherOne lets both follow one store: the reader begins with what the writer has
// saved, knows as much, and never gets into its way.
func TestAProjectorThatOnlyReadsLeavesTheReadModelToAnotherOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newModelled(t)
		executor := newExecutor(t, store)
		execute(t, executor, deposit(100, "account-a"))
		writer := newProjector(t, store, Balances(), eventcore.ProjectorOptions{})
		if err := writer.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		saved := store.model.count()
		reader := newProjector(t, store, Balances(), eventcore.ProjectorOptions{ReadOnly: true})
		stopReader := run(t, reader)
		execute(t, executor, Transfer{From: "account-a", To: "account-b", Amount: 30})
		synctest.Wait()
		wantDocuments(t, reader, map[string]string{"account-a": `{"Balance":70}`, "account-b": `{"Balance":30}`})
		if got := store.model.count(); got != saved {
			t.Errorf("the reader has written %d times", got-saved)
		}
		stopWriter := run(t, writer)
		execute(t, executor, deposit(5, "account-a"))
		synctest.Wait()
		if err := stopReader(); err != nil {
			t.Error(err)
		}
		if err := stopWriter(); err != nil {
			t.Error(err)
		}
		if got := store.model.count(); got == saved {
			t.Error("the writer has written nothing")
		}
		wantDocuments(t, reader, map[string]string{"account-a": `{"Balance":75}`, "account-b": `{"Balance":30}`})
	})
}
