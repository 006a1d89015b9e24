// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/eventcore/order-operator/controllers/ledger"
)

// Admin tells a provider how to misbehave, and asks what it has done, at its admin endpoint.
type Admin struct {
	// URL is the endpoint's, without a slash at its end.
	URL string
	// Client does the requests; http.DefaultClient if nil.
	Client *http.Client
}

// SetPlan says how the provider misbehaves from now on, until it is started again.
func (a Admin) SetPlan(ctx context.Context, plan Plan) error {
	return a.tell(ctx, http.MethodPut, "/plan", plan, nil)
}

// Down makes the provider break all connections, and refuse new ones for the span.
func (a Admin) Down(ctx context.Context, span time.Duration) error {
	return a.tell(ctx, http.MethodPost, "/down", Outage{Duration(span)}, nil)
}

// Release lets the requests go on that are held without a delay.
func (a Admin) Release(ctx context.Context) error {
	return a.tell(ctx, http.MethodPost, "/release", nil, nil)
}

// Report returns what has come since the provider was started.
func (a Admin) Report(ctx context.Context) (Report, error) {
	var report Report
	err := a.tell(ctx, http.MethodGet, "/report", nil, &report)
	return report, err
}

// Entries returns all entries of the provider's ledger, in the order in which they were recorded.
func (a Admin) Entries(ctx context.Context) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		var entries []ledger.Entry
		if err := a.tell(ctx, http.MethodGet, "/ledger", nil, &entries); err != nil {
			yield(ledger.Entry{}, err)
			return
		}
		for _, entry := range entries {
			if !yield(entry, nil) {
				return
			}
		}
	}
}

func (a Admin) tell(ctx context.Context, method, path string, body, into any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, a.URL+path, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	client := a.Client
	if client == nil {
		client = http.DefaultClient
		request.Close = true // leaves no idle connection, whose goroutines a test would have to explain
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	said, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return errors.Join(err, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, said))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(said, into)
}
