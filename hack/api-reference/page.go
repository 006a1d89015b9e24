// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// page is the page as it is written. It remembers the first error.
type page struct {
	output io.Writer
	err    error
}

func (p *page) printf(format string, arguments ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.output, format, arguments...)
	}
}

// row is the kind's row in the table of kinds.
func (p *page) row(definition *apiextensionsv1.CustomResourceDefinition) {
	names := definition.Spec.Names
	short := strings.Join(names.ShortNames, ", ")
	p.printf("| [%s](#%s) | %s | %s | %s |\n",
		names.Kind, strings.ToLower(names.Kind), definition.Spec.Scope, short, columns(definition.Spec.Versions[0]))
}

// columns lists the columns that are always shown.
func columns(version apiextensionsv1.CustomResourceDefinitionVersion) string {
	var shown []string
	for _, column := range version.AdditionalPrinterColumns {
		if column.Priority == 0 {
			shown = append(shown, column.Name)
		}
	}
	return strings.Join(shown, ", ")
}

func (p *page) kind(definition *apiextensionsv1.CustomResourceDefinition) {
	schema := definition.Spec.Versions[0].Schema.OpenAPIV3Schema
	kind := definition.Spec.Names.Kind
	p.printf("\n## %s\n\n%s\n", kind, prose(schema.Description))
	for _, field := range definition.Spec.Versions[0].SelectableFields {
		p.printf("\nCan be selected by: `kubectl get %s --field-selector %s=VALUE`.\n",
			definition.Spec.Names.Plural, strings.TrimPrefix(field.JSONPath, "."))
	}
	p.rules(schema)
	for _, name := range []string{"spec", "status"} {
		p.object(kind, name, schema.Properties[name])
	}
}

// object writes the section of an object, and then those of the objects in it.
func (p *page) object(kind, path string, schema apiextensionsv1.JSONSchemaProps) {
	p.printf("\n### %s %s\n\n%s\n\n| field | type | |\n|---|---|---|\n", kind, path, prose(schema.Description))
	names := slices.Sorted(maps.Keys(schema.Properties))
	for _, name := range names {
		property := schema.Properties[name]
		words := describe(property, slices.Contains(schema.Required, name))
		p.printf("| `%s` | %s | %s |\n", name, typeOf(kind, path+"."+name, property), cell(words))
	}
	p.rules(&schema)
	for _, name := range names {
		property := schema.Properties[name]
		if inner, suffix := objectOf(property); inner != nil {
			p.object(kind, path+"."+name+suffix, *inner)
		}
	}
}

// rules lists what the rules of the schema say when they refuse.
func (p *page) rules(schema *apiextensionsv1.JSONSchemaProps) {
	for i, rule := range schema.XValidations {
		if i == 0 {
			p.printf("\nRefused are, with these words:\n\n")
		}
		words := rule.Message
		if words == "" {
			words = rule.MessageExpression
		}
		p.printf("- %s\n", prose(words))
	}
}

// objectOf returns the object that the property is or holds, if it does, and what marks a list.
func objectOf(property apiextensionsv1.JSONSchemaProps) (inner *apiextensionsv1.JSONSchemaProps, suffix string) {
	switch {
	case len(property.Properties) > 0:
		return &property, ""
	case property.Items != nil && property.Items.Schema != nil && len(property.Items.Schema.Properties) > 0:
		return property.Items.Schema, "[]"
	}
	return nil, ""
}

func typeOf(kind, path string, property apiextensionsv1.JSONSchemaProps) string {
	name := property.Type
	if property.Format == "date-time" {
		name = "time"
	}
	if property.Items != nil && property.Items.Schema != nil {
		name = "list of " + property.Items.Schema.Type + "s"
	}
	inner, suffix := objectOf(property)
	if inner == nil {
		return name
	}
	return fmt.Sprintf("[%s](#%s)", name, anchor(kind+" "+path+suffix))
}

// anchor returns the anchor of the heading, as GitHub makes it.
func anchor(heading string) string {
	return strings.NewReplacer(".", "", "[", "", "]", "", " ", "-").Replace(strings.ToLower(heading))
}

// describe returns the description of the field and what it is held to.
func describe(property apiextensionsv1.JSONSchemaProps, required bool) string {
	var held []string
	add := func(format string, arguments ...any) { held = append(held, fmt.Sprintf(format, arguments...)) }
	if required {
		add("Required.")
	}
	if property.Default != nil && len(property.Default.Raw) < 40 { // a longer one is told by the description
		add("Default: `%s`.", property.Default.Raw)
	}
	if len(property.Enum) > 0 {
		values := make([]string, len(property.Enum))
		for i, value := range property.Enum {
			values[i] = "`" + strings.Trim(string(value.Raw), `"`) + "`"
		}
		add("One of %s.", strings.Join(values, ", "))
	}
	if bounds := limits(property); bounds != "" {
		add("%s.", bounds)
	}
	if property.Pattern != "" {
		add("Pattern: `%s`.", property.Pattern)
	}
	if inner, _ := objectOf(property); inner == nil { // an object's are in its section
		for _, rule := range property.XValidations {
			add("Rule: %s.", rule.Message)
		}
	}
	words := property.Description
	if inner, _ := objectOf(property); inner != nil {
		words, _, _ = strings.Cut(words, "\n\n")
	}
	return prose(words) + " " + strings.Join(held, " ")
}

// limits returns the bounds of a number, or of the length of a text or list.
func limits(property apiextensionsv1.JSONSchemaProps) string {
	type bound struct {
		name        string
		least, most *int64
	}
	number := bound{name: "Value"}
	if property.Minimum != nil {
		number.least = new(int64(*property.Minimum))
	}
	if property.Maximum != nil {
		number.most = new(int64(*property.Maximum))
	}
	for _, b := range []bound{
		number, {"Length", property.MinLength, property.MaxLength}, {"Items", property.MinItems, property.MaxItems},
	} {
		switch {
		case b.least != nil && b.most != nil:
			return fmt.Sprintf("%s: %d to %d", b.name, *b.least, *b.most)
		case b.least != nil:
			return fmt.Sprintf("%s: at least %d", b.name, *b.least)
		case b.most != nil:
			return fmt.Sprintf("%s: at most %d", b.name, *b.most)
		}
	}
	return ""
}

// prose joins lines to paragraphs.
func prose(text string) string {
	paragraphs := strings.Split(strings.TrimSpace(text), "\n\n")
	for i := range paragraphs {
		paragraphs[i] = strings.Join(strings.Fields(paragraphs[i]), " ")
	}
	return strings.Join(paragraphs, "\n\n")
}

// cell makes text fit into a cell of a table.
func cell(text string) string {
	return strings.TrimSpace(strings.NewReplacer("\n\n", "<br>", "|", `\|`).Replace(text))
}
