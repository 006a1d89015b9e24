// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package open_test

import (
	"context"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/eventcore/open"
)

// FuzzPostgresDSN opens stores of any address and password, without a network: no error repeats the password.
func FuzzPostgresDSN(f *testing.F) {
	for _, rest := range []string{"localhost/db", "h:0/db?sslmode=x", "[::1", "h/db?password=%zz", "h/ db", "h/db?listen=postgres://", "%"} {
		f.Add("user", rest)
	}
	f.Fuzz(func(t *testing.T, user, rest string) {
		const secret = "hunter2-correct-horse"
		if strings.Contains(user+rest, secret) {
			return
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		store, err := open.Store(ctx, "postgres://"+user+":"+secret+"@"+rest)
		if err == nil {
			_ = store.Close()
			t.Fatal("opened without a network")
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error repeats the password: %v", err)
		}
	})
}
