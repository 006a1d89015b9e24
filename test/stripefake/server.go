// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripefake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// The API keys that the fake knows.
const (
	// SecretKey may do everything.
	SecretKey = "sk_test_fakeSecret0123456789"
	// RestrictedKey may read only.
	RestrictedKey = "rk_test_fakeRestricted0123456789"
)

// keyAge is how long an idempotency key is remembered.
const keyAge = 24 * time.Hour

// endpoint does the work of a request: it returns the object, a *failure, or another error if the fake is at fault.
type endpoint func(t tx, id string, form url.Values) (any, error)

// endpoints are by operation.
var endpoints = map[Operation]endpoint{
	Create: createIntent, Confirm: confirmIntent, Capture: captureIntent, Cancel: cancelIntent, Update: updateIntent,
	Retrieve: retrieveIntent, Refunding: createRefund, Refunds: listRefunds,
}

// request is what a client asks for, without its API key.
type request struct {
	method    string
	path      string
	operation Operation
	id        string
	key       string
	form      url.Values
	// headers are without the API key.
	headers http.Header
}

// answer is what it is told.
type answer struct {
	status int
	body   string
	// replayed is an answer that was given before.
	replayed bool
}

// route returns the operation of a path under /v1, and the id in it.
func route(method, path string) (Operation, string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")[1:]
	shape := method + " " + parts[0]
	id := ""
	if len(parts) > 1 {
		shape, id = shape+"/*", parts[1]
	}
	if len(parts) > 2 {
		shape += "/" + parts[2]
	}
	return map[string]Operation{
		"POST payment_intents": Create, "POST payment_intents/*/confirm": Confirm, "POST payment_intents/*/capture": Capture,
		"POST payment_intents/*/cancel": Cancel, "POST payment_intents/*": Update, "GET payment_intents/*": Retrieve,
		"POST refunds": Refunding, "GET refunds": Refunds,
	}[shape], id
}

type server struct {
	book *book
}

// ServeHTTP serves Stripe's API under /v1 and Control under /fake.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/fake/") {
		s.control(w, r)
		return
	}
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	asked := request{method: r.Method, path: r.URL.Path, key: r.Header.Get("Idempotency-Key"), form: r.Form}
	asked.operation, asked.id = route(r.Method, r.URL.Path)
	asked.headers = r.Header.Clone()
	asked.headers.Del("Authorization")
	if refused := authenticate(r); refused != nil {
		write(w, refused.answer())
		return
	}
	fault, err := s.note(r.Context(), asked)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.serve(w, r, asked, fault)
}

func authenticate(r *http.Request) *failure {
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case key != SecretKey && key != RestrictedKey:
		// As Stripe does, it repeats what it was given, or some of it.
		return &failure{Type: "invalid_request_error", Message: "Invalid API Key provided: " + key, status: http.StatusUnauthorized}
	case key == RestrictedKey && r.Method != http.MethodGet:
		return &failure{
			Type: "invalid_request_error", Code: "more_permissions_required", status: http.StatusForbidden,
			Message: "The provided key '" + key + "' does not have the required permissions",
		}
	}
	return nil
}

// note records the request and takes the fault that was set for its operation.
func (s *server) note(ctx context.Context, asked request) (fault Fault, err error) {
	headers, err := json.Marshal(asked.headers)
	if err != nil {
		return "", err
	}
	err = s.book.change(ctx, func(t tx) error {
		var seq int64
		if err := t.each(func(row *sqlite.Stmt) error {
			seq, fault = row.ColumnInt64(0), Fault(row.ColumnText(1))
			return nil
		}, `SELECT seq, fault FROM faults WHERE operation IN (?, '') AND times > 0 ORDER BY seq LIMIT 1`, string(asked.operation)); err != nil {
			return err
		}
		if err := t.exec(`UPDATE faults SET times = times - 1 WHERE seq = ?`, seq); err != nil {
			return err
		}
		return t.exec(`INSERT INTO requests (operation, key, form, fault, headers) VALUES (?, ?, ?, ?, ?)`,
			string(asked.operation), asked.key, asked.form.Encode(), string(fault), string(headers))
	})
	return fault, err
}

// answer does what is asked, once for its idempotency key.
func (s *server) answer(ctx context.Context, asked request) (answer, error) {
	var given answer
	err := s.book.change(ctx, func(t tx) (err error) {
		if asked.method != http.MethodPost || asked.key == "" {
			given, _, err = t.execute(asked)
			return err
		}
		given, err = t.once(asked)
		return err
	})
	return given, err
}

// once replays the answer that the key was given first.
func (t tx) once(asked request) (answer, error) {
	now, err := t.now()
	if err != nil {
		return answer{}, err
	}
	if err := t.exec(`DELETE FROM keys WHERE made <= ?`, now.Add(-keyAge).Unix()); err != nil {
		return answer{}, err
	}
	fingerprint := asked.path + "?" + asked.form.Encode()
	var known string
	var given answer
	if err := t.each(func(row *sqlite.Stmt) error {
		known, given = row.ColumnText(0), answer{row.ColumnInt(1), row.ColumnText(2), true}
		return nil
	}, `SELECT fingerprint, status, body FROM keys WHERE key = ?`, asked.key); err != nil {
		return answer{}, err
	}
	switch known {
	case fingerprint:
		return given, nil
	case "":
	default:
		mismatch := &failure{
			Type: "idempotency_error", status: http.StatusBadRequest,
			Message: "Keys for idempotent requests can only be used with the same parameters they were first used with.",
		}
		return mismatch.answer(), nil
	}
	given, began, err := t.execute(asked)
	if err != nil || !began {
		return given, err
	}
	return given, t.exec(`INSERT INTO keys VALUES (?, ?, ?, ?, ?)`, asked.key, fingerprint, now.Unix(), given.status, given.body)
}

// execute does the work. began is false if the request was found wanting before.
func (t tx) execute(asked request) (given answer, began bool, err error) {
	work, ok := endpoints[asked.operation]
	if !ok {
		return missing("", "Unrecognized request URL").answer(), false, nil
	}
	object, err := work(t, asked.id, asked.form)
	if declined, ok := object.(*failure); ok && err == nil {
		return declined.answer(), true, nil // and what it changed stays
	}
	if failed, ok := errors.AsType[*failure](err); ok {
		return failed.answer(), !failed.early, nil
	}
	if err != nil {
		return answer{}, false, err
	}
	body, err := json.Marshal(object)
	return answer{status: http.StatusOK, body: string(body)}, true, err
}

func (f *failure) answer() answer {
	body, err := json.Marshal(map[string]*failure{"error": f})
	if err != nil {
		return answer{status: http.StatusInternalServerError, body: err.Error()}
	}
	return answer{status: f.status, body: string(body)}
}

func write(w http.ResponseWriter, given answer) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_fake")
	if given.replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	w.WriteHeader(given.status)
	_, _ = io.WriteString(w, given.body)
}

// report answers requests to the control, and those that the fake itself fails at.
func report(w http.ResponseWriter, result any, err error) {
	if err != nil {
		http.Error(w, fmt.Sprintf("the fake of Stripe: %v", err), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(result)
}
