// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package recovery rehearses what a platform team lives through, with processes of the manager, a real API server, SQLite files and a
// PostgreSQL server: services apart on one store, a store that is away, backups made at work, and the three disasters of
// docs/backup-and-recovery.md.
package recovery
