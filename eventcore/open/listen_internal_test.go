// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package open

import (
	"errors"
	"strings"
	"testing"
)

func TestTheWayPastAPoolerIsTakenOutOfTheDSN(t *testing.T) {
	for dsn, want := range map[string][2]string{
		"postgres://u:p@pooler/orders":                           {"postgres://u:p@pooler/orders", ""},
		"postgres://u:p@pooler/orders?sslmode=require":           {"postgres://u:p@pooler/orders?sslmode=require", ""},
		"postgres://u:p@pooler/o?listen=postgres%3A%2F%2Fdb%2Fo": {"postgres://u:p@pooler/o", "postgres://db/o"},
		"postgres://u:p%23@pooler/o?sslmode=require&listen=postgres%3A%2F%2Fu%3Ap%2523%40db%2Fo%3Fsslmode%3Drequire": {
			"postgres://u:p%23@pooler/o?sslmode=require", "postgres://u:p%23@db/o?sslmode=require",
		},
	} {
		rest, listen, err := cutListen(dsn)
		if err != nil || rest != want[0] || listen != want[1] {
			t.Errorf("%s: %q, %q, %v", dsn, rest, listen, err)
		}
	}
	_, _, err := cutListen("postgres://u:hunter2@host:port/o?listen=x")
	if !errors.Is(err, ErrDSN) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}
