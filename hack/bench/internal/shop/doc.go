// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package shop is what the engines that are compared carry out: orders for three products, and what the providers
// answer. Both sides take it from here, so that what they store is the same.
package shop
