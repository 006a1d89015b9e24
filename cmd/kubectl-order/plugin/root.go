// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// What Run returns.
const (
	// ExitOK means that all went well.
	ExitOK = 0
	// ExitFailed means that something could not be done; standard error says what, and what to do about it.
	ExitFailed = 1
	// ExitUsage means that the command line makes no sense.
	ExitUsage = 2
	// ExitViolated means that "kubectl order verify" has found a violation.
	ExitViolated = 3
	// ExitInterrupted means that the user has had enough.
	ExitInterrupted = 130
)

// Options are what the plugin meets the world with. All fields are required.
type Options struct {
	Streams genericiooptions.IOStreams
	Getenv  func(string) string
	Clock   func() time.Time
	// Version is what --version prints.
	Version string
}

// plugin is what all commands share.
type plugin struct {
	Options

	flags             *genericclioptions.ConfigFlags
	operatorNamespace string
	serviceAccount    string
	paint             painter
}

// usageError is a command line that makes no sense.
type usageError struct{ error }

func misused(format string, values ...any) error { return usageError{fmt.Errorf(format, values...)} }

// errViolated says that violations were found, and have been shown.
var errViolated = errors.New("invariants are violated")

// Run carries the command line out and returns the process's exit code.
func Run(ctx context.Context, arguments []string, options Options) int {
	root := newRoot(options)
	root.SetArgs(arguments)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, errViolated):
		return ExitViolated
	case ctx.Err() != nil:
		return ExitInterrupted
	case errors.As(err, &usage):
		_, _ = fmt.Fprintf(options.Streams.ErrOut, "error: %v\n", err)
		return ExitUsage
	}
	_, _ = fmt.Fprintf(options.Streams.ErrOut, "error: %v\n", err)
	return ExitFailed
}

const rootLong = `Show and steer the orders of the order operator.

An Order is carried out in steps: its stock is reserved, the payment is taken, the
shipment is created. When a step is refused, what was done before is undone, in
reverse. Everything that happens is recorded as an event.

  kubectl order status NAME    where the order stands: steps, money, shipment, and
                               what it waits for
  kubectl order history NAME   all that has happened to it, and why; -w follows it
  kubectl order resolve NAME   decides about an order that needs a person

Commands that read the history (history, list --orphaned, verify) ask the operator,
through the API server. They need a bearer token: with a client certificate, add
--as-serviceaccount NAMESPACE/NAME.`

const rootExample = `  # What becomes of order-001?
  kubectl order status order-001

  # Follow it until it has ended
  kubectl order history order-001 -w

  # Which orders of all namespaces are there?
  kubectl order list -A

  # The refund was made by hand: go on
  kubectl order resolve order-001 --skip --reason 'refunded by bank transfer' --reference BT-77`

func newRoot(options Options) *cobra.Command {
	p := &plugin{Options: options, flags: genericclioptions.NewConfigFlags(true), paint: newPainter(options)}
	root := &cobra.Command{
		Use: "kubectl-order", Short: "Show and steer the orders of the order operator",
		Long: rootLong, Example: rootExample, Version: options.Version,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl order"},
		SilenceErrors: true, SilenceUsage: true,
		Args: func(command *cobra.Command, arguments []string) error {
			if len(arguments) > 0 {
				return misused("unknown command %q: see 'kubectl order --help'%s", arguments[0], suggestions(command, arguments[0]))
			}
			return nil
		},
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	root.SetIn(options.Streams.In)
	root.SetOut(options.Streams.Out)
	root.SetErr(options.Streams.ErrOut)
	root.SetFlagErrorFunc(func(command *cobra.Command, err error) error {
		return misused("%v: see '%s --help'", err, command.CommandPath())
	})
	flags := root.PersistentFlags()
	p.flags.CacheDir, p.flags.Username, p.flags.Password = nil, nil, nil // there is nothing to cache, and the API server asks for no passwords
	p.flags.AddFlags(flags)
	flags.StringVar(&p.operatorNamespace, "operator-namespace", "order-system", "The namespace that the operator runs in.")
	flags.StringVar(&p.serviceAccount, "as-serviceaccount", "",
		"Read the history as this ServiceAccount, NAMESPACE/NAME, by a short-lived token that is requested for it. For users who log in with a client certificate.")
	root.AddCommand(p.statusCommand(), p.historyCommand(), p.listCommand(),
		p.cancelCommand(), p.suspendCommand(), p.resumeCommand(), p.resolveCommand(),
		p.verifyCommand(), p.stockCommand(), p.gatewaysCommand(), p.carriersCommand())
	p.completeFlags(root)
	root.SuggestionsMinimumDistance = 2
	for _, command := range root.Commands() {
		command.SetUsageTemplate(strings.Replace(command.UsageTemplate(), inheritedFlags, sharedFlags, 1))
	}
	return root
}

// What cobra prints of the flags that all commands have, and what we print instead: two dozen lines would hide what a
// command is about.
const (
	inheritedFlags = "{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}"
	sharedFlags    = "  -n, --context, --kubeconfig and others: see 'kubectl order --help'"
)

func suggestions(command *cobra.Command, name string) string {
	found := command.SuggestionsFor(name)
	if len(found) == 0 {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", found[0])
}

// named has a command take at least one name.
func named(what string) cobra.PositionalArgs {
	return func(command *cobra.Command, arguments []string) error {
		if len(arguments) == 0 {
			return misused("name %s: %s", what, command.UseLine())
		}
		return nil
	}
}

// nameless has a command take none.
func nameless(command *cobra.Command, arguments []string) error {
	if len(arguments) > 0 {
		return misused("%q is one argument too many: %s", arguments[0], command.UseLine())
	}
	return nil
}

// one has a command take exactly one name.
func one(what string) cobra.PositionalArgs {
	return func(command *cobra.Command, arguments []string) error {
		if len(arguments) != 1 {
			return misused("name exactly one %s: %s", what, command.UseLine())
		}
		return nil
	}
}
