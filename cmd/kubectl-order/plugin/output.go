// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/cli-runtime/pkg/printers"
)

// The formats of -o.
const (
	formatWide = "wide"
	formatJSON = "json"
	formatYAML = "yaml"
	formatName = "name"
)

// format is a -o flag.
type format struct {
	value   string
	allowed []string
}

func (f *format) bind(command *cobra.Command, allowed ...string) {
	f.allowed = allowed
	command.Flags().StringVarP(&f.value, "output", "o", "", "Output format. One of: ("+strings.Join(allowed, ", ")+").")
	_ = command.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp))
}

func (f *format) validate() error {
	if f.value != "" && !slices.Contains(f.allowed, f.value) {
		return misused("unknown output format %q: use one of %s", f.value, strings.Join(f.allowed, ", "))
	}
	return nil
}

func (f *format) wide() bool { return f.value == formatWide }

// structured reports whether a program reads the output.
func (f *format) structured() bool { return f.value != "" && f.value != formatWide }

// printObjects prints API objects for programs: one as it is, several as a List.
func (p *plugin) printObjects(f format, objects ...runtime.Object) error {
	var printer printers.ResourcePrinter
	switch f.value {
	case formatJSON:
		printer = &printers.JSONPrinter{}
	case formatYAML:
		printer = &printers.YAMLPrinter{}
	case formatName:
		printer = &printers.NamePrinter{}
	}
	if f.value != formatName && len(objects) != 1 {
		objects = []runtime.Object{asList(objects)}
	}
	for _, object := range objects {
		if err := printer.PrintObj(object, p.Streams.Out); err != nil {
			return fmt.Errorf("print as %s: %w", f.value, err)
		}
	}
	return nil
}

// colour is a colour of the terminal.
type colour string

const (
	plain  colour = ""
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
	bold   colour = "1"
	faint  colour = "2"
)

// painter colours text, or leaves it.
type painter struct{ on bool }

// newPainter paints on terminals only, and not for people who have said that they want none: see https://no-color.org.
func newPainter(options Options) painter {
	file, isFile := options.Streams.Out.(*os.File)
	return painter{on: isFile && term.IsTerminal(int(file.Fd())) &&
		options.Getenv("NO_COLOR") == "" && options.Getenv("TERM") != "dumb"}
}

func (p painter) text(text string, c colour) string {
	if !p.on || c == plain || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// cell is a field of a table.
type cell struct {
	text string
	c    colour
}

func cells(texts ...string) []cell {
	row := make([]cell, 0, len(texts))
	for _, text := range texts {
		row = append(row, cell{text: text})
	}
	return row
}

// table prints rows as kubectl does. Its columns never get narrower: rows may be printed a few at a time.
type table struct {
	out    io.Writer
	paint  painter
	indent string
	widths []int
	rows   [][]cell
}

func (p *plugin) table(heads ...string) *table {
	return &table{out: p.Streams.Out, paint: p.paint, rows: [][]cell{cells(heads...)}}
}

func (t *table) add(row ...cell) { t.rows = append(t.rows, row) }

// flush prints the rows that were added since the last one.
func (t *table) flush() error {
	for _, row := range t.rows {
		for i, c := range row {
			if i == len(t.widths) {
				t.widths = append(t.widths, 0)
			}
			t.widths[i] = max(t.widths[i], utf8.RuneCountInString(c.text))
		}
	}
	for _, row := range t.rows {
		var line strings.Builder
		line.WriteString(t.indent)
		gap := 0
		for i, c := range row {
			line.WriteString(strings.Repeat(" ", gap) + t.paint.text(c.text, c.c))
			gap = t.widths[i] - utf8.RuneCountInString(c.text) + 3
		}
		if _, err := fmt.Fprintln(t.out, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	t.rows = nil
	return nil
}

// age says how long ago something was, as kubectl does.
func (p *plugin) age(at time.Time) string {
	if at.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(p.Clock().Sub(at))
}

// orNone stands in for what is not there.
func orNone(text string) string {
	if text == "" {
		return "<none>"
	}
	return text
}

// instant is a time to the millisecond, in UTC: histories of several people can be compared.
func instant(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// noneFound says, as kubectl does, that there is nothing to list. c is nil for what has no namespace.
func (p *plugin) noneFound(what string, c *cluster, all bool) {
	where := ""
	if c != nil && !all {
		where = " in namespace " + c.namespace
	}
	_, _ = fmt.Fprintf(p.Streams.ErrOut, "No %s found%s.\n", what, where)
}
