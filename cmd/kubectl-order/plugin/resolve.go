// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	authenticationv1 "k8s.io/api/authentication/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// resolving is the command line of resolve.
type resolving struct {
	retry, skip, force bool
	reason, reference  string
	output             format
	dryRun             dryRun
}

func (p *plugin) resolveCommand() *cobra.Command {
	var r resolving
	command := &cobra.Command{
		Use: "resolve NAME (--retry|--skip|--force) --reason WHY", Short: "Decide about an order that needs a person",
		Long: `Decide about an order that needs a person (status NeedsAttention). "kubectl order status"
shows the question.

  --retry   the operator tries it, or looks it up, again at once
  --skip    it surely did not happen or, where it was to be undone, that was done by hand
  --force   the provider did do it, under --reference

Your decision is recorded in the order's history, with your reason and your name as the API
server knows it. You need the permission to update orders/resolve (role order-resolver).
An answer to an older question has no effect.`,
		Example: `  kubectl order resolve order-001 --retry --reason 'the bank answers again'
  kubectl order resolve order-001 --skip --reason 'refunded in cash' --reference till-7
  kubectl order resolve order-001 --force --reference ch_42 --reason 'seen in the dashboard'`,
		Args: one("order"), ValidArgsFunction: p.completeNames(orders, false),
		RunE: func(command *cobra.Command, names []string) error {
			if err := r.validate(); err != nil {
				return err
			}
			c, err := p.connect()
			if err != nil {
				return err
			}
			return p.resolve(command.Context(), c, names[0], r)
		},
	}
	flags := command.Flags()
	flags.BoolVar(&r.retry, "retry", false, "Have the operator try, or look it up, again at once.")
	flags.BoolVar(&r.skip, "skip", false, "State that it surely did not happen, or that it was undone by hand.")
	flags.BoolVar(&r.force, "force", false, "State that the provider did do it, under --reference.")
	flags.StringVar(&r.reason, "reason", "", "Why, for the record. Required.")
	flags.StringVar(&r.reference, "reference", "", "The provider's name for what was done. --force needs it.")
	r.dryRun.bind(command)
	r.output.bind(command, formatJSON, formatYAML, formatName)
	return command
}

func (r *resolving) validate() error {
	chosen := 0
	for _, is := range []bool{r.retry, r.skip, r.force} {
		if is {
			chosen++
		}
	}
	switch {
	case chosen != 1:
		return misused("choose exactly one of --retry, --skip and --force")
	case r.reason == "":
		return misused("--reason is required: it is kept in the order's history")
	case r.force && r.reference == "":
		return misused("--force needs --reference, the provider's name for what was done")
	}
	if err := r.dryRun.validate(); err != nil {
		return err
	}
	return r.output.validate()
}

func (r *resolving) action() commercev1.OrderResolutionAction {
	switch {
	case r.retry:
		return commercev1.ResolutionRetry
	case r.skip:
		return commercev1.ResolutionSkip
	}
	return commercev1.ResolutionForce
}

func (p *plugin) resolve(ctx context.Context, c *cluster, name string, r resolving) error {
	order := &commercev1.Order{}
	if err := c.get(ctx, orders, c.namespace, name, order); err != nil {
		return err
	}
	question := order.Status.Attention
	if question.Position == 0 {
		return fmt.Errorf("order %s asks nothing: it is %s. See 'kubectl order status %s'", name, reasonOf(order), name)
	}
	if answered := order.Spec.Resolution; answered.AttentionPosition == question.Position {
		return fmt.Errorf("the question of order %s was answered already, by %s (%s: %s), and the operator is at it: see "+
			"'kubectl order history %s'", name, answered.Actor, answered.Action, answered.Reason, name)
	}
	actor, err := c.whoAmI(ctx)
	if err != nil {
		return err
	}
	resolution := commercev1.OrderResolution{
		AttentionPosition: question.Position, Action: r.action(), Reason: r.reason, Reference: r.reference, Actor: actor,
	}
	spec := map[string]any{"resolution": map[string]any{
		"attentionPosition": resolution.AttentionPosition, "action": resolution.Action, "reason": resolution.Reason,
		"actor": resolution.Actor, "reference": orNull(resolution.Reference),
	}}
	if order, err = c.patch(ctx, name, spec, r.dryRun.on()); err != nil {
		return err
	}
	note := fmt.Sprintf("%s (%s): %s, decided by %s%s", question.Operation, question.Reason, r.action(), actor, r.dryRun.note())
	return p.changed(order, note, r.output)
}

// orNull has a merge patch take a field away.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func reasonOf(order *commercev1.Order) string {
	if ready := apimeta.FindStatusCondition(order.Status.Conditions, commercev1.ConditionReady); ready != nil {
		return ready.Reason
	}
	return commercev1.ReasonPending
}

// whoAmI returns the user's name as the API server knows it: the admission policy takes no other for the actor.
func (c *cluster) whoAmI(ctx context.Context) (string, error) {
	review, err := c.core.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("ask the API server who you are: %w", explain(err))
	}
	return review.Status.UserInfo.Username, nil
}
