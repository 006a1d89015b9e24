// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tortureprovider carries orders out with a payment provider and a carrier that lose replies after doing the
// work, refuse, and are killed in the middle and stay away for a while. Their ledger is the judge: no order may be
// charged twice, and no money or shipment be left behind. It has tests alone; make torture-provider runs the long form.
package tortureprovider
