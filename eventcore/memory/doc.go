// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package memory is the store for tests and plain examples. It keeps everything in the process's memory, without a
// bound, and loses it with the process. It passes the same contract (package storetest) as the durable stores.
package memory
