// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package simulate runs the operator in a world that is made of one random seed: an API server, an event store,
// providers and people, in which everything goes wrong that may go wrong, and time passes only when nobody has
// anything to do.
//
// What runs is the product: the four services with their reconcilers, predicates and sources as SetupWithManager wires
// them, the feed, the checker, the executor and the engines. What is simulated is what they touch. Every touch is a
// request that waits until the scheduler lets it arrive, and then waits again until it lets the answer back; the same
// scheduler hands out work and watch events. It lets one thing happen at a time, chosen by the seed, once everything
// that runs has come to a halt (testing/synctest). So the same seed gives the same run, and a run that fails is
// repeated by the command that it prints.
//
// A run has two halves. In the first one there are faults: see Plan. Then they end, people decide what they are asked,
// and every order must end. The package verify judges the log, the providers' books and the statuses.
package simulate
