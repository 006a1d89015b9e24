// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sqlite is the embedded store: one SQLite file, in pure Go. An append that was acknowledged survives a power
// cut (WAL, synchronous=FULL), and triggers refuse to change or remove what was written.
//
// One connection writes; a few others read, and never wait for it. Readers keep no transaction open while their
// caller works: as history never changes, a position is a snapshot.
//
// Several processes may use one file at the same time, on a local disk only (never on a network file system). That is
// safe, not fast: each notices the others' events by looking at the head.
package sqlite
