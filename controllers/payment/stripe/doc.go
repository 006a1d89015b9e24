// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package stripe takes and returns money through Stripe.
//
// A charge or an authorisation is a PaymentIntent of its own: Prepare creates it unconfirmed, the saga records its id,
// and only then is it confirmed. So whatever became of a request is read from that one object, by its id: neither a
// search, which lags behind, nor an idempotency key, which Stripe forgets after 24 hours, is needed to know. Captures,
// voids and refunds look at the PaymentIntent before they change it, for the same reason.
//
// # Fences
//
// A canceled PaymentIntent can be neither confirmed nor captured, for ever. That fences charges, authorisations and
// captures; the fence of a capture gives the authorisation back.
//
// A refund and a void have nothing that could be canceled in their place. Their fences are marks in the PaymentIntent's
// metadata, which every later request with the key heeds. A request that looked before the mark was set and is still on
// its way to Stripe may land all the same, and it can do no harm: to void twice is to void once, and a refund of what
// is left can't be made twice, since Stripe refunds no more than was charged: the request that comes second finds the
// money returned. Where a refund is so small that it could be made twice, Cancel fails with calls.ErrNoFence.
package stripe
