// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	paymentwebhook "github.com/eventcore/order-operator/controllers/payment/webhook"
	"github.com/eventcore/order-operator/controllers/webhook"
)

// answer is a reply: without a body if that is nil, and a broken connection if the code is 0.
type answer struct {
	code int
	body any
}

// failed is what nobody planned. The text is the ledger's, which holds no secrets.
func failed(err error) answer {
	return answer{http.StatusInternalServerError, map[string]string{"message": fmt.Sprint("the provider failed: ", err)}}
}

// hold suffers a fault before the work, and reports whether that ends the exchange.
func (e *exchange) hold(ctx context.Context, rule Rule) (ended bool) {
	switch rule.Fault {
	case Late:
		if rule.Delay == 0 {
			return e.wait() != nil
		}
		return e.sleep(ctx, time.Duration(rule.Delay)) != nil
	case Unavailable:
		if rule.Delay > 0 {
			seconds := math.Ceil(time.Duration(rule.Delay).Seconds())
			e.w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
		}
		e.w.WriteHeader(http.StatusServiceUnavailable)
		return true
	default:
		return false
	}
}

// answer writes the answer, or whatever the rule makes of it.
func (e *exchange) answer(ctx context.Context, a answer, rule Rule) {
	switch rule.Fault {
	case Delay:
		_ = e.sleep(ctx, time.Duration(rule.Delay))
	case Crash:
		e.options.Crash()
	case LoseReply:
		a.code = 0
	case Redirect:
		e.w.Header().Set("Location", rule.Location)
		a.code = http.StatusTemporaryRedirect
	case OversizedHeader:
		e.w.Header().Set("X-Large", strings.Repeat("x", 64<<10))
	case Failure:
		a.code = http.StatusInternalServerError
	case WrongKey, WrongAmount, Indiscreet:
		a = e.falsified(a, rule.Fault)
	default:
		if write := rawFaults[rule.Fault]; write != nil {
			e.hijack(write(a.bytes()))
			return
		}
	}
	e.write(a)
}

func (e *exchange) write(a answer) {
	if a.code == 0 {
		panic(http.ErrAbortHandler)
	}
	if a.body != nil {
		e.w.Header().Set("Content-Type", "application/json")
	}
	e.w.WriteHeader(a.code)
	_, _ = e.w.Write(a.bytes())
}

func (a answer) bytes() []byte {
	if a.body == nil {
		return nil
	}
	encoded, err := json.Marshal(a.body)
	if err != nil {
		panic(err) // the types are our own
	}
	return encoded
}

// falsified changes what the answer says.
func (e *exchange) falsified(a answer, fault Fault) answer {
	if fault == Indiscreet {
		secret, _ := e.options.Secret()
		return answer{http.StatusPaymentRequired, webhook.Outcome{
			Key: e.key, Status: webhook.Refused, Code: e.job.token,
			Message: "Declined\r\n\x1b[31m " + e.job.token + " signed with " + string(secret),
		}}
	}
	if fault == WrongKey {
		a.body = json.RawMessage(bytes.Replace(a.bytes(), []byte(`"key":"`), []byte(`"key":"another `), 1))
		return a
	}
	if reply, ok := a.body.(paymentwebhook.Reply); ok {
		reply.Amount.Minor--
		a.body = reply
	}
	return a
}

// rawFaults write to the connection what no HTTP server would.
var rawFaults = map[Fault]func(body []byte) []byte{
	Garbage:     func(body []byte) []byte { return append([]byte("\x16\x03\x01 \x00\xff "), body...) },
	Malformed:   func(body []byte) []byte { return response("application/json", body[:len(body)/2]) },
	Page:        func([]byte) []byte { return response("text/html", []byte("<html>It works!</html>")) },
	Oversized:   func([]byte) []byte { return response("application/json", bytes.Repeat([]byte(" "), 1<<20)) },
	AnswerTwice: func(body []byte) []byte { return bytes.Repeat(response("application/json", body), 2) },
	Truncated: func(body []byte) []byte {
		whole := response("application/json", body)
		return whole[:len(whole)-len(body)/2]
	},
}

func response(contentType string, body []byte) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", contentType, len(body), body)
}

// hijack writes the bytes instead of an answer, and closes the connection.
func (e *exchange) hijack(text []byte) {
	conn, _, err := http.NewResponseController(e.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.Copy(conn, bytes.NewReader(text))
}
