// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eventcore/order-operator/controllers/saga"
)

// handler answers requests.
type handler struct {
	reader

	options Options
	limits  Limits
	// requests and audits hold an element for each that is being answered.
	requests  chan struct{}
	audits    chan struct{}
	followers followers
}

// NewHandler returns the API.
func NewHandler(options Options) http.Handler {
	limits := options.Limits.withDefaults()
	h := &handler{
		reader: reader{store: options.Store, registry: saga.NewRegistry()}, options: options, limits: limits,
		requests: make(chan struct{}, limits.Requests), audits: make(chan struct{}, 1),
		followers: followers{most: limits.Followers, mostPerUser: limits.FollowersPerUser, perUser: map[string]int{}},
	}
	mux := http.NewServeMux()
	mux.Handle("GET /history/v1/namespaces/{namespace}/orders/{name}", h.route(h.order, "from", "limit", "at", "follow"))
	mux.Handle("GET /history/v1/namespaces/{namespace}/orders/{name}/verify", h.route(h.verifyOne))
	for _, scope := range []string{"/history/v1", "/history/v1/namespaces/{namespace}"} {
		mux.Handle("GET "+scope+"/orders", h.route(h.list, "from", "limit"))
		mux.Handle("GET "+scope+"/verify", h.route(h.verifyAll, "full"))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, request *http.Request) {
		h.fail(w, request, notFound("there is no %s %s in the history API: see docs/api/history.yaml",
			request.Method, request.URL.Path))
	})
	return mux
}

// answer answers a question with something that is encoded as JSON.
type answer func(ctx context.Context, q question) (any, error)

// route answers the questions of one path, with the parameters that it knows.
func (h *handler) route(give answer, parameters ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		q, err := parse(request, parameters, h.limits)
		switch {
		case err != nil:
		case q.follow:
			err = h.follow(w, request, q)
		default:
			err = h.reply(w, request, q, give)
		}
		if err != nil {
			h.fail(w, request, err)
		}
	})
}

// reply answers with one document.
func (h *handler) reply(w http.ResponseWriter, request *http.Request, q question, give answer) error {
	select {
	case h.requests <- struct{}{}:
		defer func() { <-h.requests }()
	default:
		return tooMany("as many requests as the operator answers at once are being answered")
	}
	within := h.limits.AnswerWithin
	if q.full {
		within = h.limits.AuditWithin
	}
	ctx, cancel := context.WithTimeout(request.Context(), within)
	defer cancel()
	if _, err := h.options.Access.Check(ctx, q.token, q.id.Namespace, q.id.Name); err != nil {
		return err
	}
	document, err := give(ctx, q)
	if err != nil {
		return err
	}
	return h.write(w, http.StatusOK, document)
}

func (h *handler) order(ctx context.Context, q question) (any, error) {
	if q.at != nil {
		return h.at(ctx, q.id, *q.at)
	}
	return h.timeline(ctx, q.id, q.from, q.limit)
}

func (h *handler) list(ctx context.Context, q question) (any, error) {
	return h.orders(ctx, q.id.Namespace, q.from, q.limit)
}

func (h *handler) verifyOne(ctx context.Context, q question) (any, error) {
	return h.verifyOrder(ctx, q.id, h.options.Clock())
}

func (h *handler) verifyAll(ctx context.Context, q question) (any, error) {
	if !q.full {
		return h.verifyChecker(ctx, q.id.Namespace, h.options.Clock())
	}
	select {
	case h.audits <- struct{}{}:
		defer func() { <-h.audits }()
	default:
		return nil, tooMany("somebody else has all events read already")
	}
	return h.verifyEvents(ctx, q.id.Namespace, h.options.Clock())
}

// write sends a document, to a reader who has to take it in time.
func (h *handler) write(w http.ResponseWriter, code int, document any) error {
	body, err := json.Marshal(document)
	if err != nil {
		return err
	}
	_ = http.NewResponseController(w).SetWriteDeadline(fromNow(h.limits.AnswerWithin)) // if it can
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(append(body, '\n')) // who has gone away misses nothing
	return nil
}

// fail answers with an error. What is not meant for readers is logged, and they are told that it was.
func (h *handler) fail(w http.ResponseWriter, request *http.Request, err error) {
	var status *apierrors.StatusError
	switch {
	case errors.As(err, &status):
	case request.Context().Err() != nil:
		return // nobody listens any more
	case errors.Is(err, context.DeadlineExceeded):
		status = statusError(http.StatusGatewayTimeout, metav1.StatusReasonTimeout,
			"the answer took too long: ask for less, or again when the event store is less busy")
	default:
		h.options.Logger.Error(err, "A question about the history could not be answered", "path", request.URL.Path)
		status = statusError(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable,
			"the history can't be read now: the operator's log says why")
	}
	if details := status.ErrStatus.Details; details != nil && details.RetryAfterSeconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(details.RetryAfterSeconds)))
	}
	document := status.ErrStatus
	document.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	if err := h.write(w, int(document.Code), document); err != nil {
		h.options.Logger.Error(err, "An error could not be encoded")
	}
}
