// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pgtest runs real PostgreSQL servers for tests, and PgBouncer, from installed binaries. They live in temporary
// folders, listen on Unix sockets alone, and end with the test process, however it ends.
package pgtest
