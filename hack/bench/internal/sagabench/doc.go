// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sagabench measures how fast orders are carried out without Kubernetes: by our services, by DBOS Go, and by
// nobody, as the same facts written with a commit for each step.
//
// What a saga is made of is told once, by Order: both engines take the same steps with the same payloads, and their
// providers answer at once, in the same process, without keeping anything.
package sagabench
