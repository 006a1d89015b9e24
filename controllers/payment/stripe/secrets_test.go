// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/test/stripefake"
)

// TestNeitherKeysNorTokensNorSecretsAreTold lets a Stripe that repeats all that it is sent, and worse, answer every
// request, and looks for it in whatever the provider returns, and in what the process writes.
func TestNeitherKeysNorTokensNorSecretsAreTold(t *testing.T) {
	s := open(t)
	said := captured(t, func(tell func(error)) {
		for _, fault := range []stripefake.Fault{
			stripefake.Echo, stripefake.Garbage, stripefake.Endless, stripefake.Redirect, stripefake.LoseReply, stripefake.Break,
		} {
			for _, action := range actions {
				request := s.request(action, string(action)+string(fault))
				request.Token = visa
				for range 4 { // each meets the fault at another of its requests
					s.fake.Mistreat(t, "", fault, 1)
					_, err := s.Prepare(t.Context(), request)
					tell(err)
					_, err = s.Do(t.Context(), request)
					tell(err)
					_, err = s.Find(t.Context(), request)
					tell(err)
					tell(s.Cancel(t.Context(), request))
				}
			}
		}
		unknown := engine.Request{Action: engine.Charge, Key: "unknown", Amount: usd(1000), Token: "pm_secretToken"}
		_, err := s.Prepare(t.Context(), unknown)
		tell(err)
		wrong := provider(s.fake.URL, "sk_test_wrongSecret")
		_, err = wrong.Prepare(t.Context(), unknown)
		tell(err)
		_, err = provider("http://user:urlSecret@127.0.0.1:1", stripefake.SecretKey).Prepare(t.Context(), unknown)
		tell(err)
	})
	if len(said) < 1000 {
		t.Fatalf("only this was said: %s", said)
	}
	for _, secret := range []string{stripefake.SecretKey, "sk_test", visa, "pm_secretToken", "wrongSecret", "_secret_", "urlSecret", "<html>"} {
		if at := strings.Index(said, secret); at >= 0 {
			t.Errorf("%q is told in %q", secret, said[max(0, at-80):min(len(said), at+80)])
		}
	}
}

// captured returns the errors that do tells, in full, and whatever is written to standard output and error meanwhile.
func captured(t *testing.T, do func(tell func(error))) string {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr := os.Stdout, os.Stderr
	written := make(chan string)
	go func() {
		var all bytes.Buffer
		_, _ = io.Copy(&all, reader)
		written <- all.String()
	}()
	os.Stdout, os.Stderr = writer, writer
	var said strings.Builder
	do(func(err error) {
		for err != nil {
			fmt.Fprintf(&said, "%v %+v %#v\n", err, err, err)
			unwrapper, ok := err.(interface{ Unwrap() error })
			if !ok {
				break
			}
			err = unwrapper.Unwrap()
		}
	})
	os.Stdout, os.Stderr = stdout, stderr
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return said.String() + <-written
}

func TestStripeIsNotToldAboutTheMachine(t *testing.T) {
	s := open(t)
	s.does(s.request(engine.Charge, "key"))
	for _, request := range s.fake.Ledger(t).Requests {
		if len(request.Headers) == 0 {
			t.Fatal("the fake has no headers")
		}
		for name, values := range request.Headers {
			if strings.HasPrefix(name, "X-Stripe") || (name == "User-Agent" && values[0] != "eventcore-order-operator") {
				t.Errorf("it was sent %s: %q", name, values)
			}
		}
	}
}
