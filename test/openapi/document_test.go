// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package openapi_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/test/openapi"
)

const text = `
paths:
  /things:
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}
      responses:
        "200": {description: done}
components:
  schemas:
    Thing:
      type: object
      required: [name]
      properties:
        name: {type: string, pattern: "^[a-z]+$", minLength: 2, maxLength: 3}
        sizes: {type: array, items: {type: integer, minimum: 1}}
        kind: {type: string, enum: [big, small]}
`

func load(t *testing.T, text string) *openapi.Document {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	document, err := openapi.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestABodyIsHeldAgainstItsSchema(t *testing.T) {
	document := load(t, text)
	for body, want := range map[string]string{
		`{"name":"ab","sizes":[1,2],"kind":"big"}`: "",
		`{}`:                           "lacks name",
		`{"name":1}`:                   "is no string",
		`{"name":"a"}`:                 "shorter",
		`{"name":"abcd"}`:              "longer",
		`{"name":"AB"}`:                "unlike",
		`{"name":"ab","sizes":[0]}`:    "less than",
		`{"name":"ab","sizes":[1.5]}`:  "is no integer",
		`{"name":"ab","sizes":1}`:      "is no list",
		`{"name":"ab","kind":"large"}`: "none of",
		`{"name":"ab","color":"red"}`:  "not documented",
		`[]`:                           "is no object",
		`{`:                            "unexpected end",
	} {
		err := document.Check("POST /things", 0, []byte(body))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", body, err)
		}
	}
	if err := document.Check("POST /things", 404, nil); err == nil {
		t.Error("a code that is not documented passed")
	}
}

func TestAKeywordIsNotIgnored(t *testing.T) {
	document := load(t, strings.Replace(text, "maxLength: 3", "format: uuid", 1))
	if err := document.Check("POST /things", 0, []byte(`{"name":"ab"}`)); err == nil {
		t.Error("the keyword format was ignored")
	}
}
