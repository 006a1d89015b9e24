// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package openapitest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/webhook"
	"github.com/eventcore/order-operator/test/openapi"
	"github.com/eventcore/order-operator/test/provider"
)

// Contract is a webhook contract, and what the code makes of it.
type Contract struct {
	// File is the OpenAPI file, Path that of its operations.
	File, Path string
	// Key is an idempotency key of the contract's.
	Key string
	// Schemas are structs of the code by the names of their schemas, Request and Reply among them.
	Schemas map[string]any
}

func (c Contract) document(t *testing.T) *openapi.Document {
	t.Helper()
	document, err := openapi.Load(c.File)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// CheckShape demands the operations of the contract and the fields of the structs.
func (c Contract) CheckShape(t *testing.T) {
	t.Helper()
	d := c.document(t)
	if got, want := d.Operations(), []string{"DELETE " + c.Path, "GET " + c.Path, "POST " + c.Path}; !slices.Equal(got, want) {
		t.Errorf("it has the operations %q instead of %q", got, want)
	}
	for schema, of := range c.Schemas {
		if got, want := d.Fields(schema), fields(reflect.TypeOf(of)); !slices.Equal(got, want) {
			t.Errorf("%s has the fields %q instead of %q", schema, got, want)
		}
	}
}

// fields returns the JSON names of the struct's fields.
func fields(of reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(of) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// CheckExamples reads every example as the operator would, and demands that it means what its name says.
func (c Contract) CheckExamples(t *testing.T) {
	t.Helper()
	d := c.document(t)
	for _, example := range d.Examples() {
		if err := d.Check(example.Operation, example.Code, example.Body); err != nil {
			t.Errorf("%s: %v", example.Name, err)
		}
		if example.Code == 0 {
			decoder := json.NewDecoder(bytes.NewReader(example.Body))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(c.empty("Request")); err != nil {
				t.Errorf("%s: %v", example.Name, err)
			}
			continue
		}
		verb, _, _ := strings.Cut(example.Operation, " ")
		reply := webhook.Reply{Code: example.Code, ContentType: "application/json", Body: example.Body}
		status, err := reply.Read(webhook.Request{Verb: webhook.Verb(verb), Key: c.Key}, c.empty("Reply").(webhook.Answer)) //nolint:forcetypeassert // what replies are
		if !means(example.Name, status, err) {
			t.Errorf("%s %d %s is read as %q, %v", example.Operation, example.Code, example.Name, status, err)
		}
	}
}

func (c Contract) empty(schema string) any {
	return reflect.New(reflect.TypeOf(c.Schemas[schema])).Interface()
}

// means reports whether the example was read as its name says.
func means(name string, status webhook.Status, err error) bool {
	switch name {
	case "pending":
		return errors.Is(err, webhook.ErrMalformed)
	case "reused":
		return errors.Is(err, webhook.ErrKeyReused)
	case "succeeded":
		return status == webhook.Succeeded && err == nil || errors.Is(err, webhook.ErrHappened)
	case "refused":
		return status == webhook.Refused && (err == nil || ledgertest.Code(err) != "")
	case "cancelled":
		return status == webhook.Cancelled && (err == nil || ledgertest.Code(err) == calls.CodeFenced)
	}
	return string(status) == name && err == nil
}

// Unavailable is the correlation of requests to which the server of CheckExchanges is unavailable.
const Unavailable = "unavailable"

// CheckExchanges has talk speak with a server of the contract, which has to answer in every way, and checks both sides.
func (c Contract) CheckExchanges(t *testing.T, talk func(options webhook.Options)) {
	t.Helper()
	secret := []byte("the secret of these tests")
	server := provider.NewServer(ledgertest.Open(t, ""), provider.ServerOptions{
		Secret: func() ([]byte, error) { return secret, nil }, Crash: func() {},
		Plan: provider.Plan{Rules: []provider.Rule{{Fault: provider.Unavailable, Correlation: Unavailable}}},
	})
	defer server.Stop()
	recorder := &openapi.Recorder{Document: c.document(t), Handler: server}
	listening := httptest.NewServer(recorder)
	defer listening.Close()
	talk(webhook.Options{URL: listening.URL, Credentials: func(context.Context) ([]byte, error) { return secret, nil }})

	secret = []byte("another secret of these tests")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, listening.URL+c.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	for _, err := range recorder.Errors() {
		t.Error(err)
	}
	for verb, codes := range map[string][]int{"POST": {201, 402, 409, 503}, "GET": {200, 401}, "DELETE": {200, 409}} {
		for _, code := range codes {
			if recorder.Count(verb+" "+c.Path, code) == 0 {
				t.Errorf("%s %s never answered %d", verb, c.Path, code)
			}
		}
	}
}
