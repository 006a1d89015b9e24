// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd/api"
)

// completeWithin is how long a shell waits.
const completeWithin = 3 * time.Second

// completion is what cobra asks to complete an argument.
type completion = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// completeNames completes names of objects: of one, or of several. It is silent about errors: a shell has no place for
// them.
func (p *plugin) completeNames(resource string, several bool) completion {
	return func(command *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(given) > 0 && !several {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		c, err := p.connect()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(command.Context(), completeWithin)
		defer cancel()
		namespace := c.namespace
		if resource == gateways || resource == carriers {
			namespace = ""
		}
		found, err := c.names(ctx, resource, namespace)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, name := range found {
			if !slices.Contains(given, name.Name) {
				names = append(names, name.Name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeFlags completes the values of the flags that all commands have.
func (p *plugin) completeFlags(root *cobra.Command) {
	for name, complete := range map[string]completion{
		"namespace":          p.completeNamespaces,
		"operator-namespace": p.completeNamespaces,
		"context":            p.completeConfig(func(config api.Config) []string { return keys(config.Contexts) }),
		"cluster":            p.completeConfig(func(config api.Config) []string { return keys(config.Clusters) }),
		"user":               p.completeConfig(func(config api.Config) []string { return keys(config.AuthInfos) }),
	} {
		_ = root.RegisterFlagCompletionFunc(name, complete) // it fails for a flag that does not exist: a test asks for each
	}
}

func (p *plugin) completeNamespaces(command *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	c, err := p.connect()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(command.Context(), completeWithin)
	defer cancel()
	found, err := c.core.CoreV1().Namespaces().List(ctx, metav1.ListOptions{Limit: page})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := make([]string, 0, len(found.Items))
	for i := range found.Items {
		names = append(names, found.Items[i].Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (p *plugin) completeConfig(of func(api.Config) []string) completion {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		config, err := p.flags.ToRawKubeConfigLoader().RawConfig()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return of(config), cobra.ShellCompDirectiveNoFileComp
	}
}

func keys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
