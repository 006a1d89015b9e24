// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package postgres is the store for several processes: a schema in a PostgreSQL database (version 13 or later).
//
// The table head has one row (position, streams, fence). Every append moves it from the position that it knows, and
// waits there for whoever is moving it: commits happen one after another in the order of positions, which leaves no
// gaps, and no reader at a position ever misses a late event. While a process is alone it knows the versions of its
// streams, and an append is one statement in one round trip. An append that lost the race takes the row's lock
// instead, looks at the versions, and writes if its guards hold: two processes are slower than one, but neither
// starves.
//
// An append whose reply is lost is found out: the fence in the head row is raised first, which every append compares,
// so that a statement that is still on its way cannot land any more.
//
// The store works through PgBouncer in transaction mode, which it recognises: it keeps no state in a session, and
// prepares statements on direct connections only. Behind a pooler, subscribers look at the head every 100 ms, unless
// Options.ListenDSN leads past it; LISTEN and NOTIFY, on a channel that bears the schema's name, save time and are
// never relied on.
//
// What is appended is as durable as the server's configuration makes it; synchronous_commit = off is refused. The
// server's statement_timeout and lock_timeout may end an append, which then has not happened; set them, if at all,
// above Options.Patience. A transaction that others keep open in the same database for long makes appends slower, as
// the head row's old versions cannot be removed: idle_in_transaction_session_timeout guards against that.
package postgres
