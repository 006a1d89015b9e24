// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
	"github.com/eventcore/order-operator/eventcore"
)

// followers counts them.
type followers struct {
	most, mostPerUser int

	mu      sync.Mutex
	count   int
	perUser map[string]int
}

// join returns false if there are too many already.
func (f *followers) join(user string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count >= f.most || f.perUser[user] >= f.mostPerUser {
		return false
	}
	f.count++
	f.perUser[user]++
	return true
}

func (f *followers) leave(user string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count--
	if f.perUser[user]--; f.perUser[user] == 0 {
		delete(f.perUser, user)
	}
}

// follow sends the order's events as they happen, a line of JSON each, and heartbeats. An order that does not exist yet is
// followed from its beginning. It returns an error only before the first line.
func (h *handler) follow(w http.ResponseWriter, request *http.Request, q question) error {
	user, err := h.options.Access.Check(request.Context(), q.token, q.id.Namespace, q.id.Name)
	if err != nil {
		return err
	}
	if !h.followers.join(user) {
		return tooMany("as many orders as the operator allows are being followed")
	}
	defer h.followers.leave(user)
	ctx, cancel := context.WithTimeout(request.Context(), h.limits.FollowFor)
	defer cancel()
	s := &stream{handler: h, q: q, writer: w, controller: http.NewResponseController(w), position: after(q.from)}
	w.Header().Set("Content-Type", "application/jsonl")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	if err := s.run(ctx); err != nil {
		s.end(request.Context(), err)
	}
	return nil
}

// stream is an order that is followed.
type stream struct {
	*handler

	q          question
	writer     http.ResponseWriter
	controller *http.ResponseController
	// position is the one up to which everything was sent.
	position eventcore.Position
}

// errGone says that the reader does not read any more.
var errGone = errors.New("the reader is gone")

// delivery is what a subscription yields.
type delivery struct {
	batch eventcore.Batch
	err   error
}

// run sends lines until it can't.
func (s *stream) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	deliveries := make(chan delivery)
	var subscription sync.WaitGroup
	subscription.Go(func() {
		for batch, err := range s.store.Subscribe(ctx, s.position, ofOrder(s.q.id)) {
			select {
			case deliveries <- delivery{batch, err}:
			case <-ctx.Done():
				return
			}
		}
	})
	defer subscription.Wait()
	defer cancel()
	heartbeat := time.NewTicker(s.limits.Heartbeat)
	defer heartbeat.Stop()
	if err := s.beat(); err != nil { // the reader learns at once that it is connected
		return err
	}
	for {
		var err error
		select {
		case d := <-deliveries:
			err = s.deliver(d)
		case <-heartbeat.C:
			_, err = s.options.Access.Check(ctx, s.q.token, s.q.id.Namespace, s.q.id.Name)
			if err == nil {
				err = s.beat()
			}
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

func (s *stream) deliver(d delivery) error {
	if d.err != nil {
		return d.err
	}
	for i := range d.batch.Events {
		event := d.batch.Events[i]    // shared with other readers: it is decoded in a copy
		_ = s.registry.Decode(&event) // what this program does not understand is shown by its name
		row, err := render(&event)
		if err != nil {
			return err
		}
		if err := s.send(historyv1.Line{Event: &row}); err != nil {
			return err
		}
	}
	s.position = d.batch.Through
	return nil
}

func (s *stream) beat() error {
	return s.send(historyv1.Line{Heartbeat: &historyv1.Heartbeat{Time: s.options.Clock().UTC(), Position: uint64(s.position)}})
}

// send returns errGone if the reader does not take the line in time.
func (s *stream) send(line historyv1.Line) error {
	body, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_ = s.controller.SetWriteDeadline(fromNow(s.limits.LineWithin)) // if it can
	if _, err := s.writer.Write(append(body, '\n')); err != nil {
		return errGone
	}
	if err := s.controller.Flush(); err != nil {
		return errGone
	}
	return nil
}

// end sends the last line.
func (s *stream) end(request context.Context, cause error) {
	var status *apierrors.StatusError
	end := &historyv1.End{From: uint64(s.position) + 1}
	switch {
	case errors.Is(cause, errGone):
		return
	case errors.As(cause, &status):
		end.Reason, end.Message = historyv1.EndForbidden, status.ErrStatus.Message
		if apierrors.IsUnauthorized(status) {
			end.Reason = historyv1.EndUnauthorized
		}
	case request.Err() != nil:
		end.Reason, end.Message = historyv1.EndShuttingDown, "This replica of the operator is shutting down: ask another"
	case errors.Is(cause, context.DeadlineExceeded):
		end.Reason, end.Message = historyv1.EndTimedOut, "Followed for "+s.limits.FollowFor.String()+": ask again to go on"
	default:
		s.options.Logger.Error(cause, "An order can't be followed any more", "Order", s.q.id.String())
		end.Reason, end.Message = historyv1.EndFailed, "The history can't be read now: the operator's log says why"
	}
	_ = s.send(historyv1.Line{End: end}) // who has gone away misses nothing
}
