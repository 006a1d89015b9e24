// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package torture_test kills the manager in the middle of its work, again and again, and checks that no order, no money and no unit of
// stock gets lost or doubled. Seed and rounds are flags:
//
//	go test ./test/torture -run TestManagerSurvivesSIGKILL -count=1 -v -args -rounds=20 -seed=1
package torture_test
