// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package recovery_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// The orders of the disasters: each ends in another way.
var (
	early = []string{"early", "early-declined", "early-refused"}
	late  = []string{"late", "late-declined", "late-refused", "late-slow"}
)

// TestTheStoreIsRestoredFromAnOlderBackup makes a backup while the manager works, lets it work on, and restores the backup. What was
// charged since is found at the provider, and not charged again.
func TestTheStoreIsRestoredFromAnOlderBackup(t *testing.T) {
	for name, dsn := range map[string]func(t *testing.T) string{
		"SQLite":     func(*testing.T) string { return "" },
		"PostgreSQL": func(t *testing.T) string { t.Helper(); return server.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, dsn(t))
			manager := s.ready()
			s.order(early...)
			s.ended(early...)
			s.order("open-slow")
			backup := filepath.Join(s.folder, "backup.db")
			if said := s.command("backup", "--store="+s.store, "--to="+backup); !strings.Contains(said, "complete and sound") {
				t.Errorf("backup said %q", said)
			}
			s.order(late...)
			before := s.ended(slices.Concat(late, []string{"open-slow"})...)
			s.stop(manager)

			if restore := []string{"restore", "--from=" + backup}; name == "SQLite" {
				s.command(append(restore, "--store="+s.store, "--replace")...)
			} else {
				s.store = server.Database(t)
				s.command(append(restore, "--store="+s.store)...)
			}
			manager = s.start()
			s.must(manager.WaitHeld(s.ctx, "--accept-rollback"))
			if !manager.Alive(s.ctx) {
				t.Error("the manager that is held up does not live")
			}
			s.order("meanwhile")
			s.stop(manager)
			manager = s.start() // a restart does not make it forget
			s.must(manager.WaitHeld(s.ctx, "--accept-rollback"))
			s.stop(manager)

			manager = s.ready("--accept-rollback")
			after := s.endedIn(2, slices.Concat(late, []string{"open-slow", "meanwhile"})...)
			books := s.settled()
			s.chargedOnce(books)
			for name, order := range before {
				if was, is := end(order), end(after[name]); was != is {
					t.Errorf("%s: ended as %s, and after the disaster as %s", name, was, is)
				}
			}
			s.stop(manager)
			manager = s.ready() // and all is as usual
			s.order("afterwards")
			s.ended("afterwards")
			s.chargedOnce(s.settled())
			s.stop(manager)
			if said := s.command("check", "--store="+s.store); !strings.Contains(said, "Nothing is wrong") {
				t.Errorf("check said %q", said)
			}
		})
	}
}

// TestTheStoreIsLost removes the store. The new one takes its place, with the identity that the Orders tell of.
func TestTheStoreIsLost(t *testing.T) {
	s := newStage(t, "")
	manager := s.ready()
	s.order(late...)
	before := s.ended(late...)
	s.stop(manager)
	s.removeStore()

	manager = s.start()
	s.must(manager.WaitHeld(s.ctx, "--accept-rollback"))
	s.stop(manager)
	manager = s.ready("--accept-rollback")
	after := s.endedIn(2, late...)
	s.chargedOnce(s.settled())
	for name, order := range before {
		if was, is := end(order), end(after[name]); was != is {
			t.Errorf("%s: ended as %s, and after the disaster as %s", name, was, is)
		}
	}
	s.stop(manager)
}

// TestTheClusterIsLost starts a new cluster on the old store. It is refused until it is adopted. The Orders that are applied again are
// found in the store, and nothing is charged again.
func TestTheClusterIsLost(t *testing.T) {
	s := newStage(t, "")
	manager := s.ready()
	s.order(late...)
	before := s.ended(late...)
	s.stop(manager)
	s.must(s.cluster.Stop())

	s.newCluster()
	s.order(late...)
	manager = s.start()
	s.must(manager.WaitHeld(s.ctx, "--adopt-store"))
	s.stop(manager)
	manager = s.ready("--adopt-store")
	after := s.ended(late...)
	s.chargedOnce(s.settled())
	for name, order := range before {
		if was, is := end(order), end(after[name]); was != is {
			t.Errorf("%s: ended as %s, and after the disaster as %s", name, was, is)
		}
	}
	s.stop(manager)
	s.stop(s.ready()) // for good
}

// end is how an order ended, as far as it must not depend on disasters.
func end(order *commercev1.Order) string {
	status := &order.Status
	return string(status.Outcome) + ", charged " + status.Charged + ", refunded " + status.Refunded
}

// removeStore loses the World's own store.
func (s *stage) removeStore() {
	s.t.Helper()
	file := strings.TrimPrefix(s.store, "sqlite:")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(file + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.t.Fatal(err)
		}
	}
}
