// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	ctrl "sigs.k8s.io/controller-runtime"
)

// command is what the program does instead of being the manager.
type command struct {
	// usage says what it does, and shows it.
	usage string
	// bind declares its flags; run is called with what they hold.
	bind func(c *copying, flags *flag.FlagSet)
	run  func(ctx context.Context, c *copying) error
}

// copying is what a command works on.
type copying struct {
	options

	from, to string
	// keep is how many backups stay in the folder, 0 for all. replace sets the store aside that is there.
	keep    int
	replace bool
	// output is for what was found, and progress for how far it is.
	output, progress io.Writer
}

func bindStore(c *copying, flags *flag.FlagSet) {
	flags.StringVar(&c.store, "store", "", "the event store's `DSN`, as the manager has it")
	flags.StringVar(&c.storeFile, "store-file", "", "a `file` that holds the event store's DSN, such as a mounted Secret")
}

var commands = map[string]command{
	"backup": {
		usage: `manager backup copies the event store into a new file, while managers may be at work.

The file is an SQLite database, whatever the store is. It is checked before it gets its name: a file of that name is a complete
and sound backup, as of the moment when the copying began. A file that exists is never overwritten. In a folder the file is named by
the time, such as events-20260101T030000Z.db, and --keep removes the oldest ones.

  manager backup --store sqlite:/var/lib/order-operator/events.db --to /backup --keep 14
  manager backup --store-file /etc/order-operator/dsn --to /backup/events.db

Flags:
`,
		bind: func(c *copying, flags *flag.FlagSet) {
			bindStore(c, flags)
			flags.StringVar(&c.to, "to", "", "the `file` to make, or a folder for one that is named by the time; required")
			flags.IntVar(&c.keep, "keep", 0, "how many backups to keep in the folder; the oldest ones are removed; 0 for all")
		},
		run: backup,
	},
	"restore": {
		usage: `manager restore fills a store from a file that 'manager backup' has made.

Stop all managers first. The store must be new: --replace gives the SQLite file that is there another name; of a PostgreSQL
database, rename the schema eventcore. The store becomes what the backup was, with the same identity, event by event. Then start the manager: if the Orders in the cluster have
seen more than the backup holds, it waits for --accept-rollback, and looks up every payment that may have been made since.

  manager restore --store sqlite:/var/lib/order-operator/events.db --replace --from /backup/events-20260101T030000Z.db

Flags:
`,
		bind: func(c *copying, flags *flag.FlagSet) {
			bindStore(c, flags)
			flags.StringVar(&c.from, "from", "", "the `file` of the backup; required")
			flags.BoolVar(&c.replace, "replace", false, "give the SQLite file that is there another name first")
		},
		run: restore,
	},
	"check": {
		usage: `manager check reads the whole event store and tells what is wrong with it: whether the log is whole, and whether
what it says keeps the rules of orders, money and stock. It changes nothing, and managers may be at work.

What only shows when everything has come to rest, or by asking the providers and the API server, it can't tell: the running
manager's checker and 'kubectl order verify' do.

  manager check --store sqlite:/var/lib/order-operator/events.db

It exits with 1 if anything is wrong.

Flags:
`,
		bind: bindStore,
		run:  check,
	},
}

// commandOf returns the command that the arguments begin with, and those after it.
func commandOf(arguments []string) (name string, rest []string, ok bool) {
	if len(arguments) == 0 {
		return "", nil, false
	}
	_, ok = commands[arguments[0]]
	return arguments[0], arguments[1:], ok
}

// runCommand carries the command out until it is done or interrupted, and returns the program's exit code.
func runCommand(name string, arguments []string) int {
	return execute(ctrl.SetupSignalHandler(), name, arguments, os.Stdout, os.Stderr)
}

// execute returns 2 for a command line that is wrong and 1 for whatever else fails.
func execute(ctx context.Context, name string, arguments []string, output, messages io.Writer) int {
	c := &copying{output: output, progress: messages}
	flags := flag.NewFlagSet("manager "+name, flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.Usage = func() {
		_, _ = fmt.Fprint(messages, commands[name].usage)
		flags.PrintDefaults()
	}
	commands[name].bind(c, flags)
	err := flags.Parse(arguments)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2 // the flag set has said why
	}
	if err = c.complete(name, flags); err != nil {
		_, _ = fmt.Fprintf(messages, "manager %s: %v\nRun 'manager %s --help' for usage.\n", name, err, name)
		return 2
	}
	if err := commands[name].run(ctx, c); err != nil {
		_, _ = fmt.Fprintf(messages, "manager %s: %v\n", name, err)
		return 1
	}
	return 0
}

// complete makes sure that all is said that is needed, and reads the DSN.
func (c *copying) complete(name string, flags *flag.FlagSet) (err error) {
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: everything is set by flags", flags.Arg(0))
	}
	if (c.store == "") == (c.storeFile == "") {
		return errors.New("name the store by --store, or by --store-file")
	}
	for _, required := range []string{"from", "to"} {
		if f := flags.Lookup(required); f != nil && f.Value.String() == "" {
			return fmt.Errorf("--%s is required: name the file of the backup", required)
		}
	}
	if c.keep < 0 {
		return fmt.Errorf("--keep %d is out of range: use 1 or more, or 0 for all", c.keep)
	}
	c.store, err = c.dsn()
	if err == nil && strings.HasPrefix(c.store, memoryStore) {
		err = fmt.Errorf("there is nothing to %s in %s: it is forgotten with its process", name, memoryStore)
	}
	return err
}
