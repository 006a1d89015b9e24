// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook_test

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
	"github.com/eventcore/order-operator/controllers/payment/engine"
	paymentwebhook "github.com/eventcore/order-operator/controllers/payment/webhook"
	"github.com/eventcore/order-operator/controllers/webhook"
	"github.com/eventcore/order-operator/test/openapi"
	"github.com/eventcore/order-operator/test/provider"
)

func document(t *testing.T) *openapi.Document {
	t.Helper()
	document, err := openapi.Load("../../../docs/api/payment-webhook.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestTheOpenAPIFileHasTheFieldsAndOperationsOfTheCode(t *testing.T) {
	d := document(t)
	if got, want := d.Operations(), []string{"DELETE /v1/payments", "GET /v1/payments", "POST /v1/payments"}; !slices.Equal(got, want) {
		t.Errorf("it has the operations %q", got)
	}
	for schema, of := range map[string]any{
		"Request": paymentwebhook.Request{}, "Reply": paymentwebhook.Reply{}, "Money": paymentwebhook.Request{}.Amount,
	} {
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

// TestTheExamplesMeanWhatTheOpenAPIFileSays reads every example as the operator would.
func TestTheExamplesMeanWhatTheOpenAPIFileSays(t *testing.T) {
	d := document(t)
	for _, example := range d.Examples() {
		if err := d.Check(example.Operation, example.Code, example.Body); err != nil {
			t.Errorf("%s: %v", example.Name, err)
		}
		if example.Code == 0 {
			decoder := json.NewDecoder(bytes.NewReader(example.Body))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&paymentwebhook.Request{}); err != nil {
				t.Errorf("%s: %v", example.Name, err)
			}
			continue
		}
		verb, _, _ := strings.Cut(example.Operation, " ")
		reply := webhook.Reply{Code: example.Code, ContentType: "application/json", Body: example.Body}
		status, err := reply.Read(webhook.Request{
			Verb: webhook.Verb(verb), Key: "6f1c/shop/order-001/1/ProcessPayment/1",
		}, &paymentwebhook.Reply{})
		if !exampleMeans(example.Name, status, err) {
			t.Errorf("%s %d %s is read as %q, %v", example.Operation, example.Code, example.Name, status, err)
		}
	}
}

// exampleMeans reports whether the example was read as its name says.
func exampleMeans(name string, status webhook.Status, err error) bool {
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

// TestWhatIsSaidOverHTTPIsInTheOpenAPIFile checks both sides of real exchanges.
func TestWhatIsSaidOverHTTPIsInTheOpenAPIFile(t *testing.T) {
	secret := []byte("the secret of these tests")
	server := provider.NewServer(ledgertest.Open(t, ""), provider.ServerOptions{
		Secret: func() ([]byte, error) { return secret, nil }, Crash: func() {},
		Plan: provider.Plan{Rules: []provider.Rule{{Fault: provider.Unavailable, Correlation: "unavailable"}}},
	})
	defer server.Stop()
	recorder := &openapi.Recorder{Document: document(t), Handler: server}
	listening := httptest.NewServer(recorder)
	defer listening.Close()
	payments, err := paymentwebhook.New(webhook.Options{
		URL: listening.URL, Credentials: func(context.Context) ([]byte, error) { return secret, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer payments.Close()
	for _, action := range actions {
		for _, token := range []string{"sim_approve", "sim_decline"} {
			asked := request(action, string(action)+token)
			asked.Token = token
			exchange(t, payments, asked)
		}
	}
	unavailable := charge("unavailable")
	unavailable.Correlation = "unavailable"
	exchange(t, payments, unavailable)
	fenced := charge("fenced")
	_ = payments.Cancel(t.Context(), fenced)
	exchange(t, payments, fenced)
	secret = []byte("another secret of these tests")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, listening.URL+paymentwebhook.Path, nil)
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
	for operation, codes := range map[string][]int{
		"POST /v1/payments": {201, 402, 409, 503}, "GET /v1/payments": {200, 401}, "DELETE /v1/payments": {200, 409},
	} {
		for _, code := range codes {
			if recorder.Count(operation, code) == 0 {
				t.Errorf("%s never answered %d", operation, code)
			}
		}
	}
}

func exchange(t *testing.T, payments engine.Provider, asked engine.Request) {
	t.Helper()
	_, _ = payments.Find(t.Context(), asked)
	_, _ = payments.Do(t.Context(), asked)
	_, _ = payments.Find(t.Context(), asked)
	_ = payments.Cancel(t.Context(), asked)
}
