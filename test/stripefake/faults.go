// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripefake

import (
	"net/http"
	"strings"
)

// Operation names what a request is for.
type Operation string

// The operations.
const (
	Create    Operation = "create"
	Confirm   Operation = "confirm"
	Capture   Operation = "capture"
	Cancel    Operation = "cancel"
	Update    Operation = "update"
	Retrieve  Operation = "retrieve"
	Refunding Operation = "refund"
	Refunds   Operation = "refunds"
)

// Fault is how a request is mistreated.
type Fault string

// The faults.
const (
	// LoseReply does the work and cuts the connection.
	LoseReply Fault = "lose reply"
	// Drop does the work and closes the connection without a byte, as if it had been idle for too long.
	Drop Fault = "drop"
	// LoseRequest cuts the connection and does nothing.
	LoseRequest Fault = "lose request"
	// Hold cuts the connection, and does the work when the control releases it.
	Hold Fault = "hold"
	// Overtake lets the requests arrive that were held, and then does the work.
	Overtake Fault = "overtake"
	// Hang answers when the client has gone away, and does nothing.
	Hang Fault = "hang"
	// BreakAfter does the work and answers with an error of the server.
	BreakAfter Fault = "break after"
	// Garbage does the work and answers with a page for people.
	Garbage Fault = "garbage"
	// Empty does the work and answers {}.
	Empty Fault = "empty"
	// Endless does the work and answers without an end.
	Endless Fault = "endless"
	// Redirect sends the client to another path, and does nothing.
	Redirect Fault = "redirect"
	// Echo does nothing and answers with an error that repeats all that the client sent, its API key too.
	Echo Fault = "echo"
	// Break, RateLimit, LockTimeout, KeyInUse and Forbidden do nothing and answer with that error.
	Break       Fault = "break"
	RateLimit   Fault = "rate limit"
	LockTimeout Fault = "lock timeout"
	KeyInUse    Fault = "key in use"
	Forbidden   Fault = "forbidden"
)

// failures are the errors of faults.
var failures = map[Fault]*failure{
	Break:       {Type: "api_error", Message: "An unknown error occurred", status: http.StatusInternalServerError},
	RateLimit:   {Type: "invalid_request_error", Code: "rate_limit", Message: "Too many requests", status: http.StatusTooManyRequests},
	LockTimeout: {Type: "invalid_request_error", Code: "lock_timeout", Message: "Locked", status: http.StatusTooManyRequests},
	KeyInUse:    {Type: "idempotency_error", Code: "idempotency_key_in_use", Message: "In use", status: http.StatusConflict},
	Forbidden:   {Type: "invalid_request_error", Message: "No permission", status: http.StatusForbidden},
}

// serve answers the request, or does not.
func (s *server) serve(w http.ResponseWriter, r *http.Request, asked request, fault Fault) {
	if failed := failures[fault]; failed != nil {
		write(w, failed.answer())
		return
	}
	if spoil := before[fault]; spoil != nil {
		spoil(s, w, r, asked)
		return
	}
	var err error
	if fault == Overtake {
		err = s.release(r.Context())
	}
	var given answer
	if err == nil {
		given, err = s.answer(r.Context(), asked)
	}
	if err != nil {
		report(w, nil, err)
		return
	}
	if spoil := after[fault]; spoil != nil {
		spoil(w)
		return
	}
	write(w, given)
}

// before are the faults of requests that are not carried out, or not now.
var before = map[Fault]func(*server, http.ResponseWriter, *http.Request, request){
	LoseRequest: func(_ *server, w http.ResponseWriter, _ *http.Request, _ request) { cut(w) },
	Hold: func(s *server, w http.ResponseWriter, r *http.Request, asked request) {
		_ = s.book.change(r.Context(), func(t tx) error {
			return t.exec(`INSERT INTO held (method, url, key, form) VALUES (?, ?, ?, ?)`,
				asked.method, asked.path, asked.key, asked.form.Encode())
		})
		cut(w)
	},
	Hang: func(_ *server, _ http.ResponseWriter, r *http.Request, _ request) {
		<-r.Context().Done()
	},
	Redirect: func(_ *server, w http.ResponseWriter, r *http.Request, _ request) {
		http.Redirect(w, r, "/v1/elsewhere", http.StatusTemporaryRedirect)
	},
	Echo: func(_ *server, w http.ResponseWriter, r *http.Request, asked request) {
		all := r.Header.Get("Authorization") + " " + asked.form.Encode() + " pi_1_secret_2"
		write(w, (&failure{
			Type: all, Code: all, DeclineCode: all, Param: all, Message: all, status: http.StatusBadRequest,
			PaymentIntent: &Intent{ClientSecret: all},
		}).answer())
	},
}

// after are the faults of replies.
var after = map[Fault]func(http.ResponseWriter){
	LoseReply:  cut,
	Drop:       func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	BreakAfter: func(w http.ResponseWriter) { write(w, failures[Break].answer()) },
	Empty:      func(w http.ResponseWriter) { write(w, answer{status: http.StatusOK, body: "{}"}) },
	Garbage: func(w http.ResponseWriter) {
		write(w, answer{status: http.StatusOK, body: "<html>" + SecretKey + "</html>"})
	},
	Endless: func(w http.ResponseWriter) {
		blanks := strings.Repeat(" ", 1<<16)
		write(w, answer{status: http.StatusOK, body: "{"})
		for {
			if _, err := w.Write([]byte(blanks)); err != nil {
				return
			}
		}
	},
}

// cut ends the connection in the middle of the answer. Without its begin, clients of Go would repeat the request.
func cut(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "1000")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
