// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package open_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/eventcore/open"
)

func TestStoreOpensTheFormsThatItNames(t *testing.T) {
	t.Chdir(t.TempDir())
	absolute := t.TempDir() + "/events.db"
	for _, dsn := range []string{"memory:", "sqlite:events.db", "sqlite:" + absolute} {
		store, err := open.Store(t.Context(), dsn)
		if err != nil {
			t.Errorf("%s: %v", dsn, err)
			continue
		}
		if err := store.Close(); err != nil {
			t.Errorf("%s: close: %v", dsn, err)
		}
	}
	for _, file := range []string{"events.db", absolute} {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
}

func TestStoreRefusesOtherFormsWithoutEchoingThem(t *testing.T) {
	for dsn, want := range map[string]string{
		"":                                 "it is empty",
		"events.db":                        "no scheme",
		"/var/lib/hunter2":                 "no scheme",
		":hunter2":                         "no scheme",
		"hunter2:secret":                   "no scheme",
		"Sqlite:hunter2":                   "no scheme",
		"postgres:hunter2":                 "without //",
		"postgres://u:p/hunter2@host/db":   "the DSN is not understood",
		"postgres://u@host:hunter2/db":     "the DSN is not understood",
		"postgres://u/db?:hunter2@host":    "the DSN is not understood",
		"mysql:hunter2":                    "unknown scheme mysql",
		"memory:hunter2":                   "nothing may follow memory:",
		"sqlite:":                          "without a path",
		"sqlite://user:hunter2@host/e.db":  "sqlite://",
		"sqlite:events.db\x00?key=hunter2": "zero byte",
	} {
		store, err := open.Store(t.Context(), dsn)
		if store != nil || !errors.Is(err, open.ErrDSN) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", dsn, err, want)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q is echoed: %v", dsn, err)
		}
		if strings.Contains(want, "not understood") {
			continue // the form is right
		}
		if !strings.Contains(err.Error(), `"memory:"`) || !strings.Contains(err.Error(), `"sqlite:PATH"`) {
			t.Errorf("%q: the error does not name the forms: %v", dsn, err)
		}
	}
}

func TestStorePassesOnWhyAFileCannotBeOpened(t *testing.T) {
	missing := t.TempDir() + "/missing"
	store, err := open.Store(t.Context(), "sqlite:"+missing+"/events.db")
	if store != nil || err == nil || errors.Is(err, open.ErrDSN) || !strings.Contains(err.Error(), missing) {
		t.Errorf("got %v, %v; want an error that names the folder", store, err)
	}
}

func TestStoreDoesNotEchoThePasswordOfADatabaseThatItCannotReach(t *testing.T) {
	for _, scheme := range []string{"postgres", "postgresql"} {
		dsn := scheme + "://user:hunter2@/db?host=" + t.TempDir()
		store, err := open.Store(t.Context(), dsn)
		if store != nil || err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "user=user") {
			t.Errorf("got %v, %v; want an error that names the user, not the password", store, err)
		}
	}
}

func FuzzStoreNeverEchoesWhatFollowsTheScheme(f *testing.F) {
	for _, seed := range []string{"", "memory:", "mysql://u:", "://", "x", "sqlite", "memory"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, start string) {
		const secret = "hunter2-correct-horse"
		if strings.HasPrefix(start, "sqlite:") || strings.HasPrefix(start, "postgres") {
			t.Skip("opens a file, or looks for a host")
		}
		if _, err := open.Store(t.Context(), start+secret); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", start+secret, err)
		}
	})
}
