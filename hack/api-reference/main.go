// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command api-reference writes docs/api-reference.md from the CRDs, which controller-gen writes from the types of api/v1: what it says is
// what the API server holds manifests to.
//
//	api-reference CRD... > docs/api-reference.md
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

const introduction = `# API reference

<!-- Generated from api/v1 by "make api-reference": edit the comments on the types. -->

The kinds of the group ` + "`%s`" + `, version ` + "`%s`" + `. ` + "`kubectl explain order.spec --recursive`" + ` tells the same.
What a manifest must not say is refused when it is applied; fields that are not listed are unknown.

| kind | scope | short | kubectl get |
|---|---|---|---|
`

func main() {
	output := bufio.NewWriter(os.Stdout)
	if err := run(output, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "api-reference: %v\n", err)
		os.Exit(1)
	}
	if err := output.Flush(); err != nil {
		fmt.Fprintf(os.Stderr, "api-reference: %v\n", err)
		os.Exit(1)
	}
}

func run(output io.Writer, paths []string) error {
	var definitions []apiextensionsv1.CustomResourceDefinition
	for _, path := range paths {
		content, err := os.ReadFile(path) //nolint:gosec // whoever runs it names the files
		if err != nil {
			return err
		}
		var definition apiextensionsv1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(content, &definition); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if len(definition.Spec.Versions) != 1 {
			return fmt.Errorf("%s has %d versions: teach this program to tell them apart", path, len(definition.Spec.Versions))
		}
		definitions = append(definitions, definition)
	}
	if len(definitions) == 0 {
		return errors.New("no CRDs: name files of config/crd/bases")
	}
	page := page{output: output}
	page.printf(introduction, definitions[0].Spec.Group, definitions[0].Spec.Versions[0].Name)
	for i := range definitions {
		page.row(&definitions[i])
	}
	for i := range definitions {
		page.kind(&definitions[i])
	}
	return page.err
}
