// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"strings"

	"github.com/spf13/cobra"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// provider is what PaymentGateways and Carriers have in common.
type provider struct {
	metav1.ObjectMeta

	conditions []metav1.Condition
	kind       string
	circuit    commercev1.ProviderCircuit
	namespaces []string
}

// providers is a kind of them.
type providers struct {
	command, resource, what string
	one                     func() runtime.Object
	list                    runtime.Object
	of                      func(runtime.Object) provider
}

func (p *plugin) gatewaysCommand() *cobra.Command {
	return p.providersCommand(providers{
		command: "gateways", resource: gateways, what: "payment gateways",
		one:  func() runtime.Object { return &commercev1.PaymentGateway{} },
		list: &commercev1.PaymentGatewayList{},
		of: func(object runtime.Object) provider {
			g := object.(*commercev1.PaymentGateway)
			return provider{g.ObjectMeta, g.Status.Conditions, g.Status.Provider, g.Status.Circuit, g.Spec.AllowedNamespaces}
		},
	})
}

func (p *plugin) carriersCommand() *cobra.Command {
	return p.providersCommand(providers{
		command: "carriers", resource: carriers, what: "carriers",
		one:  func() runtime.Object { return &commercev1.Carrier{} },
		list: &commercev1.CarrierList{},
		of: func(object runtime.Object) provider {
			c := object.(*commercev1.Carrier)
			return provider{c.ObjectMeta, c.Status.Conditions, c.Status.Provider, c.Status.Circuit, c.Spec.AllowedNamespaces}
		},
	})
}

func (p *plugin) providersCommand(kind providers) *cobra.Command {
	var output format
	command := &cobra.Command{
		Use: kind.command + " [NAME...]", Short: "Show the " + kind.what + ", and whether they answer",
		Long: "Show the " + kind.what + " of the cluster, and whether orders can use them. A CIRCUIT that is Open means\n" +
			"that calls have failed so often that no more are made for a while: orders wait, and go on by\nthemselves.",
		Example:           "  kubectl order " + kind.command + "\n  kubectl order " + kind.command + " default -o wide",
		ValidArgsFunction: p.completeNames(kind.resource, true),
		RunE: func(command *cobra.Command, names []string) error {
			if err := output.validate(); err != nil {
				return err
			}
			c, err := p.connect()
			if err != nil {
				return err
			}
			found, err := listOrGet(command.Context(), c, kind.resource, "", names, kind.one, kind.list)
			if err != nil {
				return err
			}
			if output.structured() {
				return p.printObjects(output, found...)
			}
			return p.printProviders(kind, found, output)
		},
	}
	output.bind(command, formatWide, formatJSON, formatYAML, formatName)
	return command
}

func (p *plugin) printProviders(kind providers, found []runtime.Object, output format) error {
	if len(found) == 0 {
		p.noneFound(kind.what, nil, true)
		return nil
	}
	heads := []string{"NAME", "PROVIDER", "STATUS", "CIRCUIT", "AGE"}
	if output.wide() {
		heads = append(heads, "OPERATIONS", "NAMESPACES", "MESSAGE")
	}
	t := p.table(heads...)
	for _, object := range found {
		of := kind.of(object)
		reason, message, c := worst(of.conditions)
		circuit := cell{text: orNone(string(of.circuit.State))}
		if of.circuit.State == commercev1.CircuitOpen {
			circuit.c = red
		}
		row := []cell{
			{text: of.Name}, {text: orNone(of.kind)}, {reason, c}, circuit, {text: p.age(of.CreationTimestamp.Time)},
		}
		if output.wide() {
			if available := apimeta.FindStatusCondition(of.conditions, commercev1.ConditionAvailable); available != nil &&
				available.Status == metav1.ConditionFalse {
				message = available.Message
			}
			row = append(row, cells(operations(of.circuit), namespaces(of.namespaces), message)...)
		}
		t.add(row...)
	}
	return t.flush()
}

func operations(circuit commercev1.ProviderCircuit) string {
	parts := make([]string, 0, len(circuit.Operations))
	for _, operation := range circuit.Operations {
		parts = append(parts, operation.Name+"="+string(operation.State))
	}
	return orNone(strings.Join(parts, ","))
}

func namespaces(allowed []string) string {
	if len(allowed) == 0 {
		return "all"
	}
	return strings.Join(allowed, ",")
}
