// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package webhook is what the HTTP contracts with payment providers and carriers have in common: signed requests,
// bounded replies, and what may be concluded from each of them. docs/providers.md tells the contracts to those who
// write a provider.
//
// A request is one of three: Do asks for something under an idempotency key, Find asks what became of the key, Cancel
// fences it. What can't be understood leaves the outcome unknown, and that is harmless: the key is looked up later. To
// conclude wrongly is not, so a reply counts only if it repeats the key, and "no" and "not seen" are statements of a
// provider that speaks the contract: a proxy's 404 or 409 is neither.
//
// Requests are signed, because the provider has no other way to know who calls. Replies are not: TLS has authenticated
// the provider already, and all that a second signature would add is one more secret that has to be kept. The repeated
// key guards against what TLS can't see, such as a cache or a proxy that mixes replies up. Plain HTTP, which has
// neither, must be allowed explicitly unless it stays on this machine.
//
// No error holds a credential, a payment token, or text of a provider that was not cleaned.
package webhook
