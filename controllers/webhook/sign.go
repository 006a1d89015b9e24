// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a request.
const (
	HeaderKey       = "Idempotency-Key"
	HeaderTimestamp = "EventCore-Timestamp"
	HeaderSignature = "EventCore-Signature"
)

// Window is how far a request's timestamp may be from the provider's clock. To repeat a request within it is harmless,
// since every request of the contracts may be repeated.
const Window = 5 * time.Minute

// version is the first line of what is signed, and the prefix of the signature.
const version = "v1"

// The reasons for which Verify refuses a request.
var (
	ErrBadTimestamp = errors.New("the request's timestamp is missing or out of the window")
	ErrBadSignature = errors.New("the request's signature is missing or wrong")
)

// Message is what is signed of a request, with its time.
type Message struct {
	Method string
	// Target is the path and the query, as in the request line.
	Target string
	// Key is the Idempotency-Key header's, empty if there is none.
	Key  string
	Body []byte
}

// Sign returns the signature of the message, as in the header.
func Sign(secret []byte, at time.Time, message Message) string {
	return version + "=" + hex.EncodeToString(message.digest(secret, timestamp(at)))
}

// Verify checks the request's headers, for a provider that is written in Go. Signatures of versions that it does not
// know may stand beside the right one, separated by commas.
func Verify(secret []byte, now time.Time, header http.Header, message Message) error {
	text := header.Get(HeaderTimestamp)
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > Window {
		return ErrBadTimestamp
	}
	want := message.digest(secret, text)
	for signature := range strings.SplitSeq(header.Get(HeaderSignature), ",") {
		digits, ok := strings.CutPrefix(strings.TrimSpace(signature), version+"=")
		if got, err := hex.DecodeString(digits); ok && err == nil && hmac.Equal(got, want) {
			return nil
		}
	}
	return ErrBadSignature
}

func timestamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

// digest is unambiguous: no line but the last, the body, can hold the end of a line.
func (m Message) digest(secret []byte, timestamp string) []byte {
	mac := hmac.New(sha256.New, secret)
	for _, line := range []string{version, timestamp, m.Method, m.Target, m.Key} {
		_, _ = io.WriteString(mac, line+"\n")
	}
	_, _ = mac.Write(m.Body)
	return mac.Sum(nil)
}
