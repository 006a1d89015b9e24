// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/payment/engine"
)

// TestStripesSpecificationAcceptsEveryRequest holds the requests against Stripe's OpenAPI specification. stripe-mock,
// which has it, remembers nothing: the PaymentIntents that it returns get their status from the test.
func TestStripesSpecificationAcceptsEveryRequest(t *testing.T) {
	mock := startMock(t)
	var answers []string
	for _, row := range []struct {
		action engine.Action
		status string
	}{
		{engine.Charge, "requires_confirmation"},
		{engine.Authorize, "requires_confirmation"},
		{engine.Capture, "requires_capture"},
		{engine.Void, "requires_capture"},
		{engine.Refund, "succeeded"},
	} {
		seen := &recorder{status: row.status}
		p := provider(seen.start(t, mock), "sk_test_123")
		for _, token := range []string{"pm_1", "cus_1/pm_1"} {
			request := engine.Request{
				Action: row.action, Key: "store/shop/order/1", Amount: usd(5000), Correlation: correlation, Token: token, Charge: "pi_1",
			}
			var err error
			if request.Prepared, err = p.Prepare(t.Context(), request); err != nil {
				t.Fatal(err)
			}
			_ = p.Cancel(t.Context(), request) // what comes of it is for the fake to tell
			_, _ = p.Do(t.Context(), request)
		}
		answers = append(answers, seen.answers...)
	}
	for _, want := range []string{
		"200 POST /v1/payment_intents", "200 POST /v1/payment_intents/*/confirm", "200 POST /v1/payment_intents/*/capture",
		"200 POST /v1/payment_intents/*/cancel", "200 POST /v1/payment_intents/*", "200 GET /v1/payment_intents/*",
		"200 POST /v1/refunds", "200 GET /v1/refunds",
	} {
		if !slices.Contains(answers, want) {
			t.Errorf("stripe-mock did not answer %s", want)
		}
	}
	for _, answer := range answers {
		if !strings.HasPrefix(answer, "200 ") {
			t.Errorf("stripe-mock answered %s", answer)
		}
	}
}

// TestStripeMockRefusesWhatItShould shows that the test above can fail.
func TestStripeMockRefusesWhatItShould(t *testing.T) {
	mock := startMock(t)
	_, err := provider(mock, "sk_other").Prepare(t.Context(), engine.Request{Action: engine.Charge, Key: "key", Amount: usd(1000), Token: visa})
	if !errors.Is(err, calls.ErrMisconfigured) {
		t.Errorf("with a wrong key it returned %v", err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, mock+"/v1/payment_intents",
		strings.NewReader("amount=1&currency=usd&nonsense=1"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer sk_test_123")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // read only
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("to a parameter that it does not know it answered %s", response.Status)
	}
}

// recorder stands between the provider and stripe-mock.
type recorder struct {
	status  string
	guard   sync.Mutex
	answers []string
}

func (r *recorder) start(t *testing.T, mock string) string {
	t.Helper()
	target, err := url.Parse(mock)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:        func(request *httputil.ProxyRequest) { request.SetURL(target) },
		ModifyResponse: r.record,
	})
	t.Cleanup(server.Close)
	return server.URL
}

// record notes the answer, and gives the PaymentIntent in it the test's status.
func (r *recorder) record(response *http.Response) error {
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	r.note(response, body)
	var object map[string]any
	if err := json.Unmarshal(body, &object); err != nil {
		return err
	}
	switch object["object"] {
	case "payment_intent":
		object["status"], object["currency"], object["amount"], object["amount_received"] = r.status, "usd", 5000, 5000
	case "list":
		object["data"] = []any{}
	}
	if body, err = json.Marshal(object); err != nil {
		return err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	response.Header.Del("Content-Length")
	return nil
}

func (r *recorder) note(response *http.Response, body []byte) {
	parts := strings.Split(response.Request.URL.Path, "/")
	if len(parts) > 3 {
		parts[3] = "*"
	}
	note := response.Status[:3] + " " + response.Request.Method + " " + strings.Join(parts, "/")
	if response.StatusCode != http.StatusOK {
		note += " " + string(body)
	}
	r.guard.Lock()
	defer r.guard.Unlock()
	r.answers = append(r.answers, note)
}

// startMock starts stripe-mock as a process of its own, and returns its URL. It is built once, from its Go module.
func startMock(t *testing.T) string {
	t.Helper()
	build := exec.CommandContext(t.Context(), "../../../hack/tools/once.sh", "stripe-mock", "hack/stripemock", "about 10 seconds")
	var progress bytes.Buffer
	build.Stderr = &progress
	folder, err := build.Output()
	if err != nil {
		t.Fatalf("build stripe-mock: %v\n%s", err, &progress)
	}
	command := exec.Command(filepath.Join(strings.TrimSpace(string(folder)), "stripe-mock"), "-http-addr", "127.0.0.1:0")
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if _, address, found := strings.Cut(lines.Text(), "Listening for HTTP at address: "); found {
			return "http://" + address
		}
	}
	t.Fatal("stripe-mock does not tell its address")
	return ""
}
