// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"

	"github.com/eventcore/order-operator/controllers/calls"
)

// Verb is what is done about an idempotency key.
type Verb string

// The verbs, each with its HTTP method.
const (
	// Do asks for something under the key.
	Do Verb = http.MethodPost
	// Find asks what became of the key.
	Find Verb = http.MethodGet
	// Cancel fences the key.
	Cancel Verb = http.MethodDelete
)

// Status says what became of a key, in the provider's words.
type Status string

// The statuses. Any other one, such as pending, leaves the outcome unknown.
const (
	// Succeeded means that it happened.
	Succeeded Status = "succeeded"
	// Refused means that it will never happen under the key: the final no, with a code and a message.
	Refused Status = "refused"
	// Cancelled means that the key is fenced.
	Cancelled Status = "cancelled"
	// NotSeen means that no request with the key has arrived until now.
	NotSeen Status = "not_seen"
)

// CodeKeyReused is the code of a refusal that is none: the provider knows the key with another content. What it did
// about that is not known, and has to be looked up.
const CodeKeyReused = "idempotency_key_reused"

// The errors that leave the outcome unknown.
var (
	// ErrHappened says that a key can't be fenced, because its request has succeeded.
	ErrHappened = errors.New("the request with this idempotency key has succeeded")
	// ErrKeyReused says that the provider knows the key with another content.
	ErrKeyReused = errors.New("the provider knows the idempotency key with another content")
	// ErrMismatch says that a reply is about something else than the request.
	ErrMismatch = errors.New("the reply does not fit the request")
	// ErrMalformed says that a reply is not in the form of the contract.
	ErrMalformed = errors.New("the reply is not in the form of the contract")
)

// Outcome is what all replies have in common. Code and Message belong to refusals.
type Outcome struct {
	Key     string `json:"key"`
	Status  Status `json:"status"`
	Code    string `json:"code,omitzero"`
	Message string `json:"message,omitzero"`
}

func (o *Outcome) outcome() *Outcome { return o }

// Answer is the body of a reply: a pointer to an Outcome, or to a struct that embeds one.
type Answer interface{ outcome() *Outcome }

// Reply is what a provider said.
type Reply struct {
	Code        int
	ContentType string
	Body        []byte
	// credential signed the request. The provider knows it, and must not have it recorded.
	credential string
}

// meanings are the codes with which a status may come.
var meanings = map[Verb]map[Status][]int{
	Do: {
		Succeeded: {http.StatusOK, http.StatusCreated},
		Refused:   {http.StatusPaymentRequired, http.StatusConflict, http.StatusUnprocessableEntity},
		Cancelled: {http.StatusConflict},
	},
	Find: {
		Succeeded: {http.StatusOK}, Refused: {http.StatusOK}, Cancelled: {http.StatusOK}, NotSeen: {http.StatusOK},
	},
	Cancel: {
		Cancelled: {http.StatusOK}, Refused: {http.StatusOK}, Succeeded: {http.StatusConflict},
	},
}

// Read puts the reply to the request into answer and returns its status. A refusal is returned as *calls.Refusal, by
// Cancel as a success: what was refused will not happen. Other errors wrap calls.ErrUnavailable, calls.ErrMisconfigured
// or calls.ErrNoFence, or leave the outcome unknown.
func (r Reply) Read(request Request, answer Answer) (Status, error) {
	if err := r.failure(request.Verb); err != nil {
		return "", err
	}
	if err := r.decode(answer); err != nil {
		return "", err
	}
	said := answer.outcome()
	if said.Key != request.Key {
		return "", fmt.Errorf("%w: it is about another idempotency key", ErrMismatch)
	}
	if !slices.Contains(meanings[request.Verb][said.Status], r.Code) {
		return "", fmt.Errorf("%w: its status does not go with the code %d", ErrMalformed, r.Code)
	}
	return said.Status, said.refusal(request, r.credential)
}

// failure returns what the code alone says, which is nothing for those that come with an outcome.
func (r Reply) failure(verb Verb) error {
	switch r.Code {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return fmt.Errorf("%w: it answered %d", calls.ErrMisconfigured, r.Code)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return fmt.Errorf("%w: it answered %d", calls.ErrUnavailable, r.Code)
	case http.StatusNotImplemented:
		if verb == Cancel {
			return calls.ErrNoFence
		}
	}
	for _, known := range meanings[verb] {
		if slices.Contains(known, r.Code) {
			return nil
		}
	}
	return fmt.Errorf("%w: the code %d is not part of it", ErrMalformed, r.Code)
}

// decode keeps what encoding/json says for itself, because it quotes the reply.
func (r Reply) decode(answer Answer) error {
	if kind, _, err := mime.ParseMediaType(r.ContentType); err != nil || kind != "application/json" {
		return fmt.Errorf("%w: it is not application/json", ErrMalformed)
	}
	if err := json.Unmarshal(r.Body, answer); err != nil {
		return fmt.Errorf("%w: its JSON can't be read", ErrMalformed)
	}
	return nil
}

func (o *Outcome) refusal(request Request, credential string) error {
	switch {
	case request.Verb == Cancel && o.Status == Succeeded:
		return ErrHappened
	case request.Verb == Do && o.Status == Cancelled:
		return &calls.Refusal{Code: calls.CodeFenced, Message: "The idempotency key was cancelled"}
	case request.Verb == Cancel || o.Status != Refused:
		return nil
	case o.Code == CodeKeyReused:
		return ErrKeyReused
	}
	message := clean(o.Message, request.Secret, credential)
	if message == "" {
		message = "The provider refused the request"
	}
	return &calls.Refusal{Code: cleanCode(o.Code, request.Secret, credential), Message: message}
}
