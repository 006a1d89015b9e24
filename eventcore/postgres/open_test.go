// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/postgres"
	"github.com/eventcore/order-operator/eventcore/postgres/pgtest"
)

func TestOpenSaysWhatIsWrongWithoutThePassword(t *testing.T) {
	dsn := server.Database(t)
	pgtest.Exec(t, dsn, "CREATE SCHEMA foreign_one", "CREATE TABLE foreign_one.events (id integer)",
		"CREATE ROLE careless LOGIN SUPERUSER", "ALTER ROLE careless SET synchronous_commit = off",
		"CREATE ROLE nobody LOGIN PASSWORD 'hunter2'")
	openStore(t, dsn, postgres.Options{Schema: "later"})
	pgtest.Exec(t, dsn, "INSERT INTO later.migrations (version) VALUES (99)")
	as := func(role string) string {
		return strings.Replace(dsn, "user=postgres", "user="+role+"&password=hunter2", 1)
	}
	for name, test := range map[string]struct{ dsn, schema, want string }{
		"a later version":        {dsn, "later", "later version (schema 99, this one knows 1): upgrade"},
		"a foreign schema":       {dsn, "foreign_one", "is the schema in use by something else?"},
		"a schema of the system": {dsn, "pg_catalog", "does not start with pg_"},
		"too long a schema":      {dsn, strings.Repeat("x", 64), "63 bytes"},
		"a careless role":        {as("careless"), "", "synchronous_commit is off"},
		"a role without rights":  {as("nobody"), "", "create the schema"},
		"no such role":           {as("hunter3"), "", "hunter3"},
		"no such database":       {"postgres://u:hunter2@/none?host=" + t.TempDir(), "", "user=u database=none"},
		"no DSN":                 {"postgres://u:hunter2/@:x", "", "the DSN is not understood"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := postgres.Open(t.Context(), test.dsn, postgres.Options{Schema: test.schema})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error holds the password: %v", err)
			}
		})
	}
}

func TestARoleThatMayOnlyReadAndInsertOpensAStoreThatIsThere(t *testing.T) {
	dsn := server.Database(t)
	openStore(t, dsn, postgres.Options{})
	pgtest.Exec(t, dsn, "CREATE ROLE modest LOGIN", "GRANT USAGE ON SCHEMA eventcore TO modest",
		"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA eventcore TO modest", "GRANT UPDATE ON eventcore.head TO modest")
	store := openStore(t, strings.Replace(dsn, "user=postgres", "user=modest", 1), postgres.Options{})
	mustAppend(t, store, pending("{}", "a"))
	expectHead(t, store, 1)
}

func TestSeveralMayCreateTheSameStoreAtOnce(t *testing.T) {
	dsn := server.Database(t)
	identities := make([]eventcore.Identity, 8)
	var group sync.WaitGroup
	for i := range identities {
		group.Go(func() {
			store, err := postgres.Open(t.Context(), dsn, postgres.Options{Schema: `quoted "schema" %_`})
			if err != nil {
				t.Error(err)
				return
			}
			identities[i] = store.Identity()
			if _, err := appendEvents(t.Context(), store, pending("{}", "a")); err != nil {
				t.Error(err)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, identity := range identities {
		if identity != identities[0] {
			t.Errorf("identities %v, want one", identities)
			break
		}
	}
	expectHead(t, openStore(t, dsn, postgres.Options{Schema: `quoted "schema" %_`}), 8)
}

func TestAGivenIdentityIsForANewHistoryOnly(t *testing.T) {
	dsn := server.Database(t)
	first, second := uuid.New(), uuid.New()
	for _, given := range []uuid.UUID{first, second, uuid.Nil} {
		if got := openStore(t, dsn, postgres.Options{StoreID: given}).Identity().StoreID; got != first {
			t.Errorf("identity %s, want %s", got, first)
		}
	}
}
