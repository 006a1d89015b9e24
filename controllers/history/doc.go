// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package history serves what has happened to orders, to people who may not touch the event store: over HTTPS, read-only,
// by every replica. Its answers are the types of controllers/history/v1, its errors Kubernetes' Status.
//
//   - GET /history/v1/namespaces/NS/orders/NAME is the order's timeline: from=POSITION, limit=N, follow=true for JSON lines
//     as they happen, at=POSITION for the order as it was then.
//   - GET /history/v1/namespaces/NS/orders and GET /history/v1/orders list the orders of the store.
//   - GET /history/v1/namespaces/NS/orders/NAME/verify, .../namespaces/NS/verify and /history/v1/verify tell what the
//     invariants say; full=true reads the events again.
//
// Whoever asks sends a bearer token, which the API server reviews, and needs the permission to get orders/history in the
// namespace. What a reader learns of a customer is the id: no e-mail, no address, and no event holds a payment token.
//
// Everything is bounded: requests at once, events in an answer, how long one is followed, how slowly it may be read.
package history
