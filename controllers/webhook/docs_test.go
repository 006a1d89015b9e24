// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/webhook"
)

// TestTheDocumentationTellsWhatIsConcluded reads the table of docs/providers.md.
func TestTheDocumentationTellsWhatIsConcluded(t *testing.T) {
	page, err := os.ReadFile("../../docs/providers.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| reply | to POST | to GET | to DELETE |\n|---|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")
	if len(rows) < 10 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for _, row := range rows {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		codes, status := codesAndStatus(t, cells[0])
		for _, code := range codes {
			for i, verb := range []webhook.Verb{webhook.Do, webhook.Find, webhook.Cancel} {
				if got := concluded(verb, code, status); got != cells[i+1] {
					t.Errorf("%d %s to %s is read as %s", code, status, verb, got)
				}
			}
		}
	}
}

// codesAndStatus reads a cell such as "402, 409 refused".
func codesAndStatus(t *testing.T, cell string) (codes []int, status string) {
	t.Helper()
	for word := range strings.FieldsSeq(strings.ReplaceAll(cell, ",", "")) {
		code, err := strconv.Atoi(word)
		if err != nil {
			status = word
			continue
		}
		codes = append(codes, code)
	}
	if len(codes) == 0 {
		t.Fatalf("%q has no code", cell)
	}
	return codes, status
}

// concluded says it in the words of the table.
func concluded(verb webhook.Verb, code int, said string) string {
	reply := webhook.Reply{Code: code, ContentType: asJSON, Body: fmt.Appendf(nil, `{"key":%q,"status":%q}`, key, said)}
	status, err := reply.Read(webhook.Request{Verb: verb, Key: key}, &webhook.Outcome{})
	refusal, refused := errors.AsType[*calls.Refusal](err)
	switch {
	case refused && refusal.Code == calls.CodeFenced, err == nil && verb == webhook.Cancel:
		return "fenced"
	case refused:
		return "refused"
	case errors.Is(err, webhook.ErrHappened):
		return "too late"
	case errors.Is(err, calls.ErrUnavailable):
		return "unavailable"
	case errors.Is(err, calls.ErrMisconfigured):
		return "misconfigured"
	case errors.Is(err, calls.ErrNoFence):
		return "no fence"
	case err != nil:
		return "unknown"
	case status == webhook.Succeeded:
		return "succeeded"
	}
	return "not seen"
}
