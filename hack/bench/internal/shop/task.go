// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package shop

// Task is what another engine is asked to do, in a process of its own.
type Task struct {
	// DSN names the database: a URL of PostgreSQL, or sqlite: with the path of a file.
	DSN string `json:"dsn"`
	// Full makes SQLite wait for the disk at each commit, which the engine does not by default.
	Full bool `json:"full"`
	// AtOnce is how many orders are carried out at once.
	AtOnce int `json:"atOnce"`
	// Compensated is set for orders that the carrier refuses.
	Compensated bool `json:"compensated"`
	// ByItem takes a step for each item that is reserved or released, instead of one for all.
	ByItem bool `json:"byItem"`
}

// Commits is what carrying out orders uses: see measure.Result.Used.
const Commits = "commits"
