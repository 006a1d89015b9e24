// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
)

// RunHistory holds a store to the contract of eventcore.Custodian, which it must implement. open opens the store in
// the folder, and creates it the first time; where stores are not kept in folders, it may return the same one again.
func RunHistory(t *testing.T, open func(t *testing.T, dir string) eventcore.Store) {
	t.Helper()
	runAll(t, historyContracts(), func(t *testing.T) eventcore.Store {
		t.Helper()
		return open(t, t.TempDir())
	})
	t.Run("cluster and epoch survive being reopened", func(t *testing.T) {
		dir := t.TempDir()
		first := open(t, dir)
		bind(t, first, "here", "")
		want, err := custodian(t, first).AcceptRollback(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		second := open(t, dir)
		bind(t, second, "there", "here")
		if got := second.Identity(); got != want {
			t.Errorf("the identity is %+v, want %+v", got, want)
		}
	})
}

func historyContracts() []contract {
	return []contract{
		{"the first cluster is bound, and any other refused until it is adopted", bindsOneCluster},
		{"of clusters that bind at once exactly one succeeds", bindsOneOfMany},
		{"an accepted rollback begins a new epoch of the same store", acceptsRollback},
	}
}

func custodian(t reporter, store eventcore.Store) eventcore.Custodian {
	t.Helper()
	c, ok := store.(eventcore.Custodian)
	if !ok {
		t.Fatalf("%T is no eventcore.Custodian", store)
	}
	return c
}

// bind says that the cluster may be bound, unless the store serves another one.
func bind(t reporter, store eventcore.Store, cluster, serves string) {
	t.Helper()
	err := custodian(t, store).Bind(t.Context(), cluster)
	if serves == "" {
		if err != nil {
			t.Errorf("bind %s: %v", cluster, err)
		}
		return
	}
	other, ok := errors.AsType[*eventcore.OtherClusterError](err)
	if !ok || *other != (eventcore.OtherClusterError{Serves: serves, Asking: cluster}) {
		t.Errorf("bind %s: got %v, want an OtherClusterError that names %s", cluster, err, serves)
	}
}

func bindsOneCluster(t reporter, store eventcore.Store) {
	bind(t, store, "", "") // records nothing
	bind(t, store, "a", "")
	bind(t, store, "", "a")
	bind(t, store, "a", "")
	bind(t, store, "b", "a")
	if err := custodian(t, store).Adopt(t.Context(), "b"); err != nil {
		t.Errorf("adopt: %v", err)
	}
	bind(t, store, "b", "")
	bind(t, store, "a", "b")
}

func bindsOneOfMany(t reporter, store eventcore.Store) {
	bound := make([]bool, 8)
	concurrently(len(bound), func(i int) {
		bound[i] = custodian(t, store).Bind(t.Context(), fmt.Sprint("cluster-", i)) == nil
	})
	winners := 0
	for _, ok := range bound {
		if ok {
			winners++
		}
	}
	if winners != 1 {
		t.Errorf("%d clusters are bound", winners)
	}
}

func acceptsRollback(t reporter, store eventcore.Store) {
	before := store.Identity()
	if before.Epoch != 1 {
		t.Errorf("a new store begins in epoch %d", before.Epoch)
	}
	write(t, store, event("a"))
	for range 2 {
		after, err := custodian(t, store).AcceptRollback(t.Context())
		if err != nil || after.StoreID != before.StoreID || after.Epoch != before.Epoch+1 || store.Identity() != after {
			t.Errorf("from %+v to %+v, %v", before, after, err)
		}
		before = after
	}
	if events := read(t, store, eventcore.Query{}); len(events) != 1 {
		t.Errorf("%d events are left, want 1", len(events))
	}
}
