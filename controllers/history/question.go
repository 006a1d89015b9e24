// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// question is what somebody asks.
type question struct {
	// id has no name if the question is about no single order, and no namespace either if it is about all.
	id    saga.OrderID
	token string

	from  uint64
	limit int
	// at is nil if the order is asked for as it is now.
	at           *eventcore.Position
	follow, full bool
}

// parse reads the question, without asking whether it may be answered.
func parse(request *http.Request, parameters []string, limits Limits) (question, error) {
	q := question{
		id:    saga.OrderID{Namespace: request.PathValue("namespace"), Name: request.PathValue("name")},
		token: bearer(request), limit: limits.Events,
	}
	if q.token == "" {
		return q, unauthorized("no bearer token: send one as " + historyv1.TokenHeader + ": Bearer TOKEN")
	}
	if err := q.id.Stream().Validate(); err != nil {
		return q, badRequest("%q is the name of no order: %v", q.id, err)
	}
	values, err := url.ParseQuery(request.URL.RawQuery)
	if err != nil {
		return q, badRequest("the query can't be read: %v", err)
	}
	for name, given := range values {
		if !slices.Contains(parameters, name) || len(given) != 1 {
			return q, badRequest("the parameter %s: use %s, each once at most", name, orNone(parameters))
		}
		if err := q.set(name, given[0], limits); err != nil {
			return q, err
		}
	}
	if q.at != nil && (q.follow || q.from > 0) {
		return q, badRequest("at can't be combined with follow or from")
	}
	return q, nil
}

func orNone(parameters []string) string {
	if len(parameters) == 0 {
		return "none"
	}
	return strings.Join(parameters, ", ")
}

// set takes one parameter.
func (q *question) set(name, value string, limits Limits) error {
	switch name {
	case "follow", "full":
		is, err := strconv.ParseBool(value)
		if err != nil {
			return badRequest("%s=%s: use true or false", name, value)
		}
		if name == "follow" {
			q.follow = is
		} else {
			q.full = is
		}
		return nil
	}
	number, err := strconv.ParseUint(value, 10, 63)
	if err != nil || number == 0 {
		return badRequest("%s=%s: use a number from 1 on", name, value)
	}
	switch name {
	case "from":
		q.from = number
	case "limit":
		q.limit = int(min(number, uint64(limits.Events))) //nolint:gosec // bounded
	case "at":
		q.at = new(eventcore.Position(number))
	}
	return nil
}
