// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tail holds what the stores in one process share: the checks that every append passes first, and Tail,
// the live end of the log. A Tail keeps the most recently committed events and wakes subscribers after a commit,
// so that they need no poll; whoever lies further behind is served from the log in pages.
package tail
