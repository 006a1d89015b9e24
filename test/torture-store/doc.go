// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package torturestore kills processes that append to one store, again and again, and then audits the log: nothing that
// was acknowledged may be lost, nothing be there twice, no position or version be missing, no event be skipped by a
// reader that follows, and no conflict be lost. It has tests alone; make torture-store runs the long form.
package torturestore
