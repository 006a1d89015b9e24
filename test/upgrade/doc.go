// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package upgrade finishes with today's code what earlier versions have begun: its tests take the event stores, the
// providers' ledgers and the Orders that a version has left in the middle of its work, and carry them to their end. See
// docs/reliability.md for how to record those of a release.
package upgrade
