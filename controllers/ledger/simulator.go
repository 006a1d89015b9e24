// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
)

// The codes of refusals that concern the idempotency key.
const (
	CodeKeyCancelled = "key_cancelled"
	CodeKeyReused    = "idempotency_key_reused"
)

// errLostReply leaves open what happened.
var errLostReply = errors.New("the connection broke before the answer came")

// Options configure a simulated provider. The zero value works in real time.
type Options struct {
	// Clock tells the time of entries; time.Now if nil.
	Clock func() time.Time
	// Sleep returns after the duration, or with an error when ctx ends before. It delays slow answers.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Behaviour is how a provider treats a request with a new key. A replay is answered at once, whatever it asks for.
type Behaviour struct {
	// Decide is Ledger.Record's.
	Decide func(tx *Tx) error
	// Failures is how often the key fails before anything is recorded.
	Failures int
	// Delay is how long the answer takes, after the request was recorded.
	Delay time.Duration
	// LoseReply makes the caller wait for nothing: the request was recorded, but he does not learn of it.
	LoseReply bool
}

// Simulator answers the requests of a simulated provider from its ledger.
type Simulator struct {
	ledger  *Ledger
	options Options
}

// NewSimulator returns a simulator on the ledger, which others may use too.
func NewSimulator(ledger *Ledger, options Options) *Simulator {
	if options.Clock == nil {
		options.Clock = time.Now
	}
	if options.Sleep == nil {
		options.Sleep = sleep
	}
	return &Simulator{ledger: ledger, options: options}
}

// Perform carries out the request, once for its key, and returns its entry. A *calls.Refusal is recorded and returned again for
// the same request, calls.ErrUnavailable means that nothing was recorded, and any other error leaves that open.
func (s *Simulator) Perform(ctx context.Context, request Request, behaviour Behaviour) (Entry, error) {
	if err := s.fail(ctx, request.Key, behaviour.Failures); err != nil {
		return Entry{}, err
	}
	entry, fresh, err := s.ledger.Record(ctx, request, s.options.Clock(), behaviour.Decide)
	if err != nil {
		return Entry{}, err
	}
	if fresh {
		if err := s.reply(ctx, behaviour); err != nil {
			return Entry{}, err
		}
	}
	if err := entry.answer(request); err != nil {
		return Entry{}, err
	}
	return entry, nil
}

// fail returns calls.ErrUnavailable for the first tries of a key that is unknown.
func (s *Simulator) fail(ctx context.Context, key string, failures int) error {
	if failures == 0 {
		return nil
	}
	entry, err := s.ledger.Find(ctx, key)
	if err != nil || entry != nil {
		return err
	}
	attempt, err := s.ledger.Attempt(ctx, key)
	if err != nil {
		return err
	}
	if attempt <= failures {
		return fmt.Errorf("%w: simulated failure %d of %d", calls.ErrUnavailable, attempt, failures)
	}
	return nil
}

func (s *Simulator) reply(ctx context.Context, behaviour Behaviour) error {
	if behaviour.Delay > 0 {
		if err := s.options.Sleep(ctx, behaviour.Delay); err != nil {
			return fmt.Errorf("wait for the answer: %w", err)
		}
	}
	if behaviour.LoseReply {
		return errLostReply
	}
	return nil
}

// answer returns the refusal of the request, if its key has one.
func (e *Entry) answer(request Request) error {
	switch {
	case e.State == Fenced:
		return &calls.Refusal{Code: CodeKeyCancelled, Message: "The idempotency key was cancelled"}
	case e.Request != request:
		return &calls.Refusal{Code: CodeKeyReused, Message: "The idempotency key was used for another request"}
	case e.State == Refused:
		return e.Refusal
	}
	return nil
}

// Find returns what was done under the key, nil if nothing was, or the *calls.Refusal. A fenced key counts as nothing, even if it was
// requested: that nothing was and will be done is an answer to Cancel, not to the order.
func (s *Simulator) Find(ctx context.Context, kind Kind, key string) (*Entry, error) {
	entry, err := s.ledger.Find(ctx, key)
	if err != nil || entry == nil || entry.State == Fenced {
		return nil, err
	}
	request := entry.Request
	request.Kind = kind
	if err := entry.answer(request); err != nil {
		return nil, err
	}
	return entry, nil
}

// Done returns what was done under the reference, or nil.
func (s *Simulator) Done(ctx context.Context, reference string) (*Entry, error) {
	return s.ledger.Done(ctx, reference)
}

// Cancel fences the key. It fails with ErrDone if the request with the key has succeeded.
func (s *Simulator) Cancel(ctx context.Context, key string) error {
	return s.ledger.Fence(ctx, key, s.options.Clock())
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
