// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lease lets one of several processes do some work, a projection for instance, while the others stand by. A
// lease lives in the store's database, as a read model of its own; each renewal moves its checkpoint, so that two
// holders can't both renew.
//
// A lease is about who works, not about what is right: a process that was stopped for longer than the lease lasts, or
// whose clock is wrong, believes that it holds what it has lost. What two holders write is kept apart by the read
// model's own checkpoint, which no two projectors can move from the same position: the slower one fails with
// eventcore.ErrCheckpointMoved.
package lease
