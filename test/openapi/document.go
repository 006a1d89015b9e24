// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package openapi holds OpenAPI files against what is said over HTTP. It knows the keywords that the files in docs/api
// use, and refuses others, so that none is ignored in silence.
package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// Document is an OpenAPI file.
type Document struct{ root node }

type node = map[string]any

// Load reads the file.
func Load(file string) (*Document, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	d := &Document{}
	return d, yaml.UnmarshalStrict(content, &d.root)
}

// Operations returns the operations, such as GET /v1/payments.
func (d *Document) Operations() []string {
	var found []string
	for path, item := range child(d.root, "paths") {
		for method := range item.(node) {
			found = append(found, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(found)
	return found
}

// Codes returns the codes that the operation may answer with.
func (d *Document) Codes(operation string) []int {
	var codes []int
	for text := range child(d.operation(operation), "responses") {
		code, err := strconv.Atoi(text)
		if err != nil {
			panic(err)
		}
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// Fields returns the properties of the schema.
func (d *Document) Fields(schema string) []string {
	properties := child(d.resolve(node{"$ref": "#/components/schemas/" + schema}), "properties")
	return slices.Sorted(maps.Keys(properties))
}

// Example is one in the file.
type Example struct {
	Operation string
	// Code is 0 for a request.
	Code int
	Name string
	Body []byte
}

// Examples returns all of them.
func (d *Document) Examples() []Example {
	var found []Example
	for _, operation := range d.Operations() {
		found = append(found, examples(d.resolve(child(d.operation(operation), "requestBody")), Example{Operation: operation})...)
		for _, code := range d.Codes(operation) {
			found = append(found, examples(d.response(operation, code), Example{Operation: operation, Code: code})...)
		}
	}
	return found
}

func examples(of node, like Example) []Example {
	var found []Example
	all := child(child(child(of, "content"), "application/json"), "examples")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		body, err := json.Marshal(all[name].(node)["value"])
		if err != nil {
			panic(err)
		}
		like.Name, like.Body = name, body
		found = append(found, like)
	}
	return found
}

// Check returns what is wrong with the body of a request, whose code is 0, or of a reply.
func (d *Document) Check(operation string, code int, body []byte) error {
	of := d.resolve(child(d.operation(operation), "requestBody"))
	if code != 0 {
		if of = d.response(operation, code); of == nil {
			return fmt.Errorf("%s: the code %d is not documented", operation, code)
		}
	}
	schema, _ := child(child(of, "content"), "application/json")["schema"].(node)
	if schema == nil { // a body that nobody reads, or none
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return fmt.Errorf("%s %d: %w", operation, code, err)
	}
	if err := d.check(schema, value, "the body"); err != nil {
		return fmt.Errorf("%s %d: %w", operation, code, err)
	}
	return nil
}

// CheckSchema returns what is wrong with a document that should be of the named schema.
func (d *Document) CheckSchema(schema string, body []byte) error {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return fmt.Errorf("%s: %w", schema, err)
	}
	return d.check(node{"$ref": "#/components/schemas/" + schema}, value, schema)
}

func (d *Document) operation(name string) node {
	method, path, _ := strings.Cut(name, " ")
	return child(child(child(d.root, "paths"), path), strings.ToLower(method))
}

func (d *Document) response(operation string, code int) node {
	return d.resolve(child(child(d.operation(operation), "responses"), strconv.Itoa(code)))
}

// resolve follows a reference.
func (d *Document) resolve(n node) node {
	reference, ok := n["$ref"].(string)
	if !ok {
		return n
	}
	at := d.root
	for name := range strings.SplitSeq(strings.TrimPrefix(reference, "#/"), "/") {
		if at = child(at, name); at == nil {
			panic(reference + " does not exist")
		}
	}
	return at
}

// child returns nil for what is not there.
func child(n node, name string) node {
	found, _ := n[name].(node)
	return found
}
