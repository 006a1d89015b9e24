// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Resolution is what a person has decided.
type Resolution struct {
	// Attention is the position of the AttentionRequired that is answered.
	Attention eventcore.Position
	Action    saga.Resolution
	// Reason is why, in the person's words. Reference is what was done, by hand or at the provider.
	Reason    string
	Reference string
	// Actor is who decided, as the API server knows them.
	Actor string
}

// Resolve is the command behind Engine.Resolve.
type Resolve struct {
	Order      saga.OrderID
	Resolution Resolution
}

// ReadStreams implements eventcore.Command.
func (c Resolve) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.Order.Stream()} }

// Handle implements eventcore.Command. It refuses with a *StaleResolutionError or a *ResolutionError.
func (c Resolve) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.Order.Stream())
	attention, r := order.Attention, c.Resolution
	if attention == nil {
		return &StaleResolutionError{Answered: r.Attention}
	}
	if attention.Position != r.Attention {
		return &StaleResolutionError{Answered: r.Attention, Open: attention.Position}
	}
	if err := r.validate(*attention); err != nil {
		return err
	}
	return appendAll(b, c.Order, saga.AttentionResolved{
		Attention: r.Attention, Step: attention.Step, Undo: attention.Undo, Action: r.Action,
		Reason: r.Reason, Actor: r.Actor, Reference: r.Reference,
	})
}

// validate checks that the decision is one about this question.
func (r Resolution) validate(attention saga.Attention) error {
	switch r.Action {
	case saga.ResolveRetry, saga.ResolveSkip, saga.ResolveForce:
	default:
		return &ResolutionError{Field: "action", Value: string(r.Action), Remedy: "use Retry, Skip or Force"}
	}
	switch {
	case r.Reason == "":
		return &ResolutionError{Field: "reason", Remedy: "say why"}
	case r.Actor == "":
		return &ResolutionError{Field: "actor", Remedy: "name who decides"}
	case r.Action == saga.ResolveForce && r.Reference == "":
		return &ResolutionError{Field: "reference", Remedy: "name what was done at the provider"}
	case attention.Reason == saga.ReasonHappenedTwice && r.Action == saga.ResolveRetry:
		return &ResolutionError{
			Field: "action", Value: string(r.Action),
			Remedy: "there is nothing to try again: undo it at the provider by hand, then use Skip",
		}
	case attention.Reason == saga.ReasonShippedUnpaid && !attention.Undo && r.Action == saga.ResolveSkip:
		return &ResolutionError{
			Field: "action", Value: string(r.Action),
			Remedy: "the goods have left: use Retry to take the money again, or Force once it was paid otherwise",
		}
	}
	return nil
}
