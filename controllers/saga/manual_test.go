// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/eventcore/order-operator/controllers/saga"
)

const manual = "../../docs/saga.md"

// update is set by: go test ./controllers/saga -run TestTheManual -update.
var update = flag.Bool("update", false, "write the generated parts of docs/saga.md")

func TestTheManualShowsTheTableAndTheRegistryAsTheyAre(t *testing.T) {
	content, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	page := string(content)
	for name, generated := range map[string]string{
		"diagram": diagram(saga.CurrentFlow()), "steps": stepTable(saga.CurrentFlow()), "events": eventTable(t),
	} {
		begin := fmt.Sprintf("<!-- generated: %s -->\n", name)
		before, rest, begins := strings.Cut(page, begin)
		old, after, ends := strings.Cut(rest, "<!-- end -->")
		if !begins || !ends {
			t.Fatalf("%s has no part %q", manual, begin)
		}
		if old != generated && !*update {
			t.Errorf("%s: the %s are stale: go test ./controllers/saga -run TestTheManual -update", manual, name)
		}
		page = before + begin + generated + "<!-- end -->" + after
	}
	if *update {
		if err := os.WriteFile(manual, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// diagram draws the flow: forward from top to bottom, and back up.
func diagram(flow *saga.Flow) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "    "+format+"\n", args...) }
	b.WriteString("```mermaid\nflowchart TB\n")
	line("OrderCreated([OrderCreated])")
	last, undone := "OrderCreated", "OrderCancelled"
	for _, step := range flow.Steps {
		label := step.Name + "<br/>" + string(step.Owner)
		if step.CaptureMode != "" {
			label += ", " + step.CaptureMode + " only"
		}
		line("%s --> %s[%q]", last, step.Name, label)
		line("%s -. %s .-> %s", step.Name, step.Refused, undone)
		last = step.Name
		if step.Compensation == "" {
			continue
		}
		undo := "undo" + step.Name
		line("%s[%q] --> %s", undo, compensations(step), undone)
		if step.UndoRefused != "" {
			line("%s -. refused .-> NeedsAttention", undo)
		}
		undone = undo
	}
	line("%s --> OrderCompleted([%q])", last, "OrderCompleted<br/>the pivot")
	line("OrderCancelled([OrderCancelled])")
	line("NeedsAttention{{%q}}", "a person decides")
	return b.String() + "```\n"
}

func compensations(step saga.Step) string {
	label := step.Compensation
	if step.Void != "" {
		label += " or " + step.Void
	}
	return label
}

func stepTable(flow *saga.Flow) string {
	rows := [][]string{{
		"step", "service", "orders", "a call", "refused: the order is cancelled for", "compensation", "refused: a person is asked for",
	}}
	for _, step := range flow.Steps {
		orders, outside, refused := "all", "no", "never refused"
		if step.CaptureMode != "" {
			orders = "`" + step.CaptureMode + "`"
		}
		if step.Outside {
			outside, refused = "yes", "`"+step.UndoRefused+"`"
		}
		if step.VoidRefused != "" {
			refused += ", `" + step.VoidRefused + "`"
		}
		rows = append(rows, []string{
			"`" + step.Name + "`", string(step.Owner), orders, outside, "`" + step.Refused + "`",
			"`" + strings.ReplaceAll(compensations(step), " or ", "` or `") + "`", refused,
		})
	}
	return table(rows)
}

// recorders are who records the events, by the beginnings of their names.
var recorders = []struct{ prefix, service string }{
	{"OrderShipped", "shipping"},
	{"Order", "order"},
	{"Deadline", "order"},
	{"Compensation", "order"},
	{"AttentionResolved", "order"},
	{"Stock", "inventory"},
	{"Payment", "payment"},
	{"Capture", "payment"},
	{"Refund", "payment"},
	{"Shipment", "shipping"},
	{"Rollback", "the operator"},
	{"CallDoubted", "order"},
	{"", "the step's"},
}

// eventTable has a row for each registered event: what its comment says, and its fields.
func eventTable(t *testing.T) string {
	t.Helper()
	said, fields := comments(t), map[string]string{}
	for _, example := range examples() {
		fields[reflect.TypeOf(example).Name()] = fieldsOf(reflect.TypeOf(example))
	}
	rows := [][]string{{"event", "recorded by", "says", "fields"}}
	for name := range saga.NewRegistry().Types() {
		if said[name] == "" {
			t.Errorf("%s has no comment", name)
		}
		for _, recorder := range recorders {
			if strings.HasPrefix(name, recorder.prefix) {
				rows = append(rows, []string{"`" + name + "`", recorder.service, said[name], fields[name]})
				break
			}
		}
	}
	return table(rows)
}

func fieldsOf(event reflect.Type) string {
	var names []string
	for field := range event.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// comments returns the comments of the package's types, without their names at the beginning.
func comments(t *testing.T) map[string]string {
	t.Helper()
	said := map[string]string{}
	for _, name := range []string{"events.go", "events_history.go", "events_verbs.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok || general.Tok != token.TYPE {
				continue
			}
			name := general.Specs[0].(*ast.TypeSpec).Name.Name
			text := strings.Join(strings.Fields(general.Doc.Text()), " ")
			text = strings.TrimPrefix(text, name+" ")
			said[name] = string(unicode.ToUpper(rune(text[0]))) + text[1:]
		}
	}
	return said
}

func table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return b.String()
}

func TestTheManualNamesEveryReason(t *testing.T) {
	content, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "flow.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	reasons := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Reason") {
			return true
		}
		reasons++
		reason, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil || !strings.Contains(string(content), "`"+reason+"`") {
			t.Errorf("%s says nothing of `%s` (%v)", manual, reason, err)
		}
		return true
	})
	if reasons < 10 {
		t.Errorf("%d reasons", reasons)
	}
}
