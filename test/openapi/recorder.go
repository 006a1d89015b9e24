// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
)

// Recorder checks all requests and replies of a handler.
type Recorder struct {
	Document *Document
	Handler  http.Handler

	mu     sync.Mutex
	seen   map[string]map[int]int
	errors []error
}

// ServeHTTP implements http.Handler.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	request.Body = io.NopCloser(bytes.NewReader(body))
	operation := request.Method + " " + request.URL.Path
	recorded := httptest.NewRecorder()
	r.Handler.ServeHTTP(recorded, request)
	r.note(operation, recorded.Code, err,
		r.Document.Check(operation, 0, body), r.Document.Check(operation, recorded.Code, recorded.Body.Bytes()))
	maps.Copy(w.Header(), recorded.Header())
	w.WriteHeader(recorded.Code)
	_, _ = w.Write(recorded.Body.Bytes())
}

func (r *Recorder) note(operation string, code int, errors ...error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, err := range errors {
		if err != nil {
			r.errors = append(r.errors, err)
		}
	}
	if r.seen == nil {
		r.seen = map[string]map[int]int{}
	}
	if r.seen[operation] == nil {
		r.seen[operation] = map[int]int{}
	}
	r.seen[operation][code]++
}

// Errors returns what was wrong with the exchanges until now.
func (r *Recorder) Errors() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.errors
}

// Count returns how many exchanges of the operation ended with the code.
func (r *Recorder) Count(operation string, code int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen[operation][code]
}
