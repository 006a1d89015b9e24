// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package inspect looks at an event store of any kind from outside: [At], [History] and [Streams] tell what was, [Check]
// finds damage, and [Copy] moves a history to another store. All use the Store interface, and [Indexed] where a store
// has it, while the store is in use, and change nothing but the target of Copy.
//
// A backup is a copy that keeps the identity of the history: (*sqlite.Store).Backup of a file, and sqlite.Export of any
// store into a file, which PostgreSQL needs.
package inspect
