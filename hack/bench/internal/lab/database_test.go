// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"strings"
	"testing"
)

func TestAnotherDatabaseIsOnTheSameServer(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://u:p@host:5433/postgres?sslmode=disable": "postgres://u:p@host:5433/bench?sslmode=disable",
		"postgresql://host":                     "postgresql://host/bench",
		"postgres:///postgres?host=/tmp&user=u": "postgres:///bench?host=/tmp&user=u",
	} {
		if got, err := inDatabase(dsn, "bench"); got != want || err != nil {
			t.Errorf("%s: got %s and %v, want %s", dsn, got, err, want)
		}
	}
}

func TestADSNThatIsNoURLIsRefusedWithoutItsPassword(t *testing.T) {
	for _, dsn := range []string{"host=h password=secret", "mysql://u:secret@host/db", "postgres://u:secret@ho st"} {
		if _, err := New(dsn); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", dsn, err)
		}
	}
}

// A server that others run is used as it is, and left as it was.
func TestAForeignServerIsLeftWithoutDatabases(t *testing.T) {
	host, err := New("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := host.Close(); err != nil {
			t.Error(err)
		}
	})
	dsn, err := host.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	guest, err := New(dsn)
	if err != nil {
		t.Fatal(err)
	}
	created, err := guest.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := administer(t.Context(), created, "SELECT 1"); err != nil {
		t.Error(err)
	}
	if err := guest.Close(); err != nil {
		t.Error(err)
	}
	if err := administer(t.Context(), created, "SELECT 1"); err == nil {
		t.Error("the database is still there")
	}
	if err := administer(t.Context(), dsn, "SELECT 1"); err != nil {
		t.Errorf("the server: %v", err)
	}
}
