// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cli is what the programs have in common: flags, help, a profile, and an orderly end.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strings"
	"syscall"

	"github.com/eventcore/order-operator/hack/bench/internal/lab"
)

// Program is what a command measures.
type Program struct {
	Name string
	// Help says what is measured, and how to read it.
	Help string
	// Flags declares the program's own flags; it may be nil.
	Flags func(flags *flag.FlagSet)
	// Run measures in the lab and prints tables to output. A row that is short of its target is no error.
	Run func(ctx context.Context, room *lab.Lab, options Options, output, progress io.Writer) error
}

// Options are the flags of all programs.
type Options struct {
	Quick bool
	// Only selects by name; nil selects all.
	Only     *regexp.Regexp
	postgres string
	profile  string
}

// ErrNothing is what a run ends with that had nothing to measure.
var ErrNothing = errors.New("no name matches -only: the names are those of the tables and of the progress")

// The exit codes.
const (
	done     = 0
	failed   = 1
	badUsage = 2
)

// Main runs the program with the arguments, and returns the exit code.
func (p Program) Main(arguments []string, output, progress io.Writer) int {
	options, err := p.parse(arguments, output)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return done
	case err != nil:
		_, _ = fmt.Fprintf(progress, "%s: %v (-help says more)\n", p.Name, err)
		return badUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := p.run(ctx, options, output, progress); err != nil {
		_, _ = fmt.Fprintf(progress, "%s: %v\n", p.Name, err)
		return failed
	}
	return done
}

func (p Program) parse(arguments []string, output io.Writer) (options Options, err error) {
	flags := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // Main prints errors
	flags.BoolVar(&options.Quick, "quick", false, "measure for less than a minute: whether all works, not how well")
	flags.Func("only", "measure only what matches the regular `expression`; the names stand in the tables",
		func(text string) (err error) {
			options.Only, err = regexp.Compile(text)
			return err
		})
	flags.StringVar(&options.postgres, "postgres", "",
		"`DSN` of a PostgreSQL server, postgres://user@host/database, to measure in place of one that is started "+
			"for the run; the user must be allowed to create databases, which are dropped again")
	flags.StringVar(&options.profile, "cpuprofile", "", "write a CPU profile of this process to the `file`")
	if p.Flags != nil {
		p.Flags(flags)
	}
	flags.Usage = func() {} // a mistyped flag deserves a line, not a page
	err = flags.Parse(arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = fmt.Fprintf(output, "%s\n\nUsage of %s:\n", strings.TrimSpace(p.Help), p.Name)
		flags.SetOutput(output)
		flags.PrintDefaults()
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return options, err
}

func (p Program) run(ctx context.Context, options Options, output, progress io.Writer) (err error) {
	if options.profile != "" {
		stop, startErr := startProfile(options.profile)
		if startErr != nil {
			return startErr
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	room, err := lab.New(options.postgres)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, room.Close()) }()
	_, err = fmt.Fprintf(output, "%s %s/%s, %d cores%s\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), loadAverage())
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(progress, "files in", os.TempDir())
	return p.Run(ctx, room, options, output, progress)
}

// loadAverage tells whoever reads the tables how busy the machine was when the run began.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 3 {
		return "" // not Linux
	}
	return ", load average " + strings.Join(fields[:3], " ")
}

// startProfile returns how to end the profile.
func startProfile(path string) (stop func() error, err error) {
	file, err := os.Create(path) //nolint:gosec // whoever runs the program names it
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}
