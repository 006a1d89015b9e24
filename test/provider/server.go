// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
	simulatedpayment "github.com/eventcore/order-operator/controllers/payment/simulated"
	paymentwebhook "github.com/eventcore/order-operator/controllers/payment/webhook"
	simulatedshipping "github.com/eventcore/order-operator/controllers/shipping/simulated"
	shippingwebhook "github.com/eventcore/order-operator/controllers/shipping/webhook"
	"github.com/eventcore/order-operator/controllers/webhook"
)

// maxRequest is more than any request of the contracts has.
const maxRequest = 1 << 20

// ServerOptions configure a Server.
type ServerOptions struct {
	// Secret reads what requests are signed with, on every use. Required.
	Secret func() ([]byte, error)
	// Clock tells the time; time.Now if nil.
	Clock func() time.Time
	// Crash ends the process, for the fault of that name. Required.
	Crash func()
	Plan  Plan
}

// Server serves both contracts from a ledger.
type Server struct {
	book      *ledger.Ledger
	simulator *ledger.Simulator
	contracts map[string]contract
	planner   *planner
	options   ServerOptions
	stopped   chan struct{}

	mu       sync.Mutex
	released chan struct{} // closed by Release
}

// NewServer returns a server on the ledger, which others may use too.
func NewServer(book *ledger.Ledger, options ServerOptions) *Server {
	if options.Clock == nil {
		options.Clock = time.Now
	}
	s := &Server{book: book, planner: newPlanner(options.Plan), options: options, stopped: make(chan struct{})}
	s.released = make(chan struct{})
	simulated := ledger.Options{Clock: options.Clock, Sleep: s.sleep}
	s.simulator = ledger.NewSimulator(book, simulated)
	s.contracts = map[string]contract{
		paymentwebhook.Path:  payments{simulatedpayment.New(book, simulated)},
		shippingwebhook.Path: shipments{simulatedshipping.New(book, simulated)},
	}
	return s
}

// Stop wakes the requests that are held. It must be called once, before the ledger is closed.
func (s *Server) Stop() { close(s.stopped) }

var errStopped = errors.New("the provider was stopped")

// sleep is no caller's to interrupt: a provider goes on working when its caller has given up.
func (s *Server) sleep(_ context.Context, span time.Duration) error {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-s.stopped:
		return errStopped
	}
}

// Release lets the requests go on that are held without a delay.
func (s *Server) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.released)
	s.released = make(chan struct{})
}

// wait returns when the requests are released that are held now.
func (s *Server) wait() error {
	s.mu.Lock()
	released := s.released
	s.mu.Unlock()
	select {
	case <-released:
		return nil
	case <-s.stopped:
		return errStopped
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	spoken, known := s.contracts[r.URL.Path]
	if !known {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "the body can't be read", http.StatusBadRequest)
		return
	}
	if err := s.verify(r, body); err != nil {
		s.planner.unsigned()
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	e := &exchange{Server: s, contract: spoken, w: w, verb: webhook.Verb(r.Method), key: r.URL.Query().Get("key")}
	if e.verb == webhook.Do {
		e.key = r.Header.Get(webhook.HeaderKey)
	}
	// What was asked for is done, whether or not the caller waits for it.
	e.serve(context.WithoutCancel(r.Context()), body)
}

func (s *Server) verify(r *http.Request, body []byte) error {
	secret, err := s.options.Secret()
	if err != nil {
		return err
	}
	return webhook.Verify(secret, s.options.Clock(), r.Header, webhook.Message{
		Method: r.Method, Target: r.URL.RequestURI(), Key: r.Header.Get(webhook.HeaderKey), Body: body,
	})
}

// exchange is one request.
type exchange struct {
	*Server
	contract

	w    http.ResponseWriter
	verb webhook.Verb
	key  string
	job  job
}

func (e *exchange) serve(ctx context.Context, body []byte) {
	serve := map[webhook.Verb]func(context.Context) answer{webhook.Do: e.do, webhook.Find: e.find, webhook.Cancel: e.cancel}[e.verb]
	if serve == nil {
		http.Error(e.w, "use POST, GET or DELETE", http.StatusMethodNotAllowed)
		return
	}
	about, err := e.occasion(ctx, body)
	if err != nil {
		http.Error(e.w, err.Error(), http.StatusBadRequest)
		return
	}
	rules := e.planner.choose(about)
	if e.hold(ctx, rules[before]) {
		return
	}
	if e.verb == webhook.Do {
		serve = e.during(rules[during].Fault)
	}
	e.answer(ctx, serve(ctx), rules[after])
}

// occasion reads the request, or what is known of the one that it is about.
func (e *exchange) occasion(ctx context.Context, body []byte) (occasion, error) {
	o := occasion{verb: e.verb, key: e.key}
	if e.key == "" {
		return o, errors.New("there is no idempotency key")
	}
	if e.verb == webhook.Do {
		var err error
		if e.job, err = e.contract.job(e.key, body); err != nil {
			return o, err
		}
		o.action, o.correlation = e.action(e.job.request.Kind), e.job.request.Correlation
		return o, nil
	}
	entry, err := e.book.Find(ctx, e.key)
	if entry != nil {
		o.action, o.correlation = e.action(entry.Kind), entry.Correlation
	}
	return o, err
}

// during returns what does the work.
func (e *exchange) during(fault Fault) func(context.Context) answer {
	switch fault {
	case Refuse:
		return e.refuse
	case Twice:
		return func(ctx context.Context) answer {
			e.do(ctx)
			return e.do(ctx)
		}
	default:
		return e.do
	}
}

func (e *exchange) do(ctx context.Context) answer { return e.done(ctx, e.job.do(ctx)) }

func (e *exchange) refuse(ctx context.Context) answer {
	_, err := e.simulator.Perform(ctx, e.job.request, ledger.Behaviour{Decide: func(*ledger.Tx) error {
		return &calls.Refusal{Code: "not_today", Message: "The provider does not feel like it"}
	}})
	return e.done(ctx, err)
}

func (e *exchange) done(ctx context.Context, err error) answer {
	refusal, refused := errors.AsType[*calls.Refusal](err)
	switch {
	case refused && refusal.Code == calls.CodeFenced:
		return answer{http.StatusConflict, e.outcome(webhook.Cancelled, nil)}
	case refused && refusal.Code == ledger.CodeKeyReused:
		return answer{http.StatusConflict, e.outcome(webhook.Refused, refusal)}
	case refused:
		return answer{http.StatusPaymentRequired, e.outcome(webhook.Refused, refusal)}
	case errors.Is(err, calls.ErrUnavailable):
		return answer{code: http.StatusServiceUnavailable}
	case err != nil:
		return answer{} // the simulated provider lost the reply
	}
	return e.described(ctx, http.StatusCreated)
}

func (e *exchange) outcome(status webhook.Status, refusal *calls.Refusal) webhook.Outcome {
	outcome := webhook.Outcome{Key: e.key, Status: status}
	if refusal != nil {
		outcome.Code, outcome.Message = refusal.Code, refusal.Message
	}
	return outcome
}

// described tells what the ledger knows to have happened.
func (e *exchange) described(ctx context.Context, code int) answer {
	entry, err := e.book.Find(ctx, e.key)
	if err != nil || entry == nil {
		return failed(err)
	}
	reply, err := e.reply(ctx, entry)
	if err != nil {
		return failed(err)
	}
	return answer{code, reply}
}

func (e *exchange) find(ctx context.Context) answer {
	entry, err := e.book.Find(ctx, e.key)
	switch {
	case err != nil:
		return failed(err)
	case entry == nil:
		return answer{http.StatusOK, e.outcome(webhook.NotSeen, nil)}
	case entry.State == ledger.Fenced:
		return answer{http.StatusOK, e.outcome(webhook.Cancelled, nil)}
	case entry.State == ledger.Refused:
		return answer{http.StatusOK, e.outcome(webhook.Refused, entry.Refusal)}
	}
	return e.described(ctx, http.StatusOK)
}

func (e *exchange) cancel(ctx context.Context) answer {
	err := e.simulator.Cancel(ctx, e.key)
	switch {
	case errors.Is(err, ledger.ErrDone):
		return answer{http.StatusConflict, e.outcome(webhook.Succeeded, nil)}
	case err != nil:
		return failed(err)
	}
	entry, err := e.book.Find(ctx, e.key)
	if err != nil {
		return failed(err)
	}
	if entry != nil && entry.State == ledger.Refused {
		return answer{http.StatusOK, e.outcome(webhook.Refused, entry.Refusal)}
	}
	return answer{http.StatusOK, e.outcome(webhook.Cancelled, nil)}
}
