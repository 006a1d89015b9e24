// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/payment/engine"
	paymentwebhook "github.com/eventcore/order-operator/controllers/payment/webhook"
	"github.com/eventcore/order-operator/controllers/webhook"
	"github.com/eventcore/order-operator/test/provider"
	"github.com/eventcore/order-operator/test/provider/providertest"
)

// errUnknown stands for an error that leaves the outcome open, errRefused for a refusal.
var (
	errUnknown = errors.New("the outcome is unknown")
	errRefused = errors.New("refused")
)

func meaning(err error) error {
	if ledgertest.Code(err) != "" {
		return errRefused
	}
	for _, known := range []error{calls.ErrUnavailable, calls.ErrMisconfigured, calls.ErrNoFence} {
		if errors.Is(err, known) {
			return known
		}
	}
	if err != nil {
		return errUnknown
	}
	return nil
}

func charge(key string) engine.Request {
	asked := request(engine.Charge, key)
	asked.Token = "sim_approve"
	return asked
}

// TestWhateverHappensToAReplyTheChargeIsMadeOnceAndFound plays every fault of the provider.
func TestWhateverHappensToAReplyTheChargeIsMadeOnceAndFound(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	payments := providertest.Client(t, process, paymentwebhook.New)
	book := ledgertest.Open(t, process.Ledger())
	for fault, want := range map[provider.Fault]error{
		provider.Twice: nil, provider.Delay: nil, provider.AnswerTwice: nil, provider.Late: nil,
		provider.LoseReply: errUnknown, provider.Garbage: errUnknown, provider.Malformed: errUnknown,
		provider.Truncated: errUnknown, provider.Oversized: errUnknown, provider.OversizedHeader: errUnknown,
		provider.Redirect: errUnknown, provider.WrongKey: errUnknown, provider.WrongAmount: errUnknown,
		provider.Page: errUnknown, provider.Failure: errUnknown,
	} {
		t.Run(string(fault), func(t *testing.T) {
			providertest.Plan(t, process, provider.Rule{
				Fault: fault, Times: 1, Delay: provider.Duration(time.Millisecond), Location: process.URL() + paymentwebhook.Path,
			})
			asked := charge(string(fault))
			first, err := payments.Do(t.Context(), asked)
			if !errors.Is(meaning(err), want) {
				t.Fatalf("concluded %v from %v", meaning(err), err)
			}
			found, err := payments.Find(t.Context(), asked)
			if err != nil || found == nil || want == nil && *found != first {
				t.Fatalf("found %+v, %v", found, err)
			}
			if again, err := payments.Do(t.Context(), asked); err != nil || again != *found {
				t.Errorf("the same key gave %+v, %v", again, err)
			}
			if err := payments.Cancel(t.Context(), asked); err == nil {
				t.Error("what has happened was fenced")
			}
			hasEntry(t, book, asked.Key, ledger.Done)
		})
	}
}

func hasEntry(t *testing.T, book *ledger.Ledger, key string, state ledger.State) {
	t.Helper()
	entry, err := book.Find(t.Context(), key)
	if err != nil || entry == nil || entry.State != state {
		t.Errorf("the ledger has %+v of %s, %v", entry, key, err)
	}
}

func TestLookUpsAndFencesThatFailLeaveTheOutcomeOpen(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	payments := providertest.Client(t, process, paymentwebhook.New)
	for _, fault := range []provider.Fault{
		provider.LoseReply, provider.Garbage, provider.Malformed, provider.Oversized, provider.Redirect, provider.WrongKey,
		provider.Page, provider.Failure,
	} {
		t.Run(string(fault), func(t *testing.T) {
			key := "never seen, " + string(fault)
			// The HTTP client repeats what may be repeated, once, on a connection that was used before.
			providertest.Plan(t, process, provider.Rule{Fault: fault, Verbs: []webhook.Verb{webhook.Find, webhook.Cancel}})
			if found, err := payments.Find(t.Context(), charge(key)); found != nil || !errors.Is(meaning(err), errUnknown) {
				t.Errorf("found %v, %v", found, err)
			}
			if err := payments.Cancel(t.Context(), charge(key)); !errors.Is(meaning(err), errUnknown) {
				t.Errorf("the fence returned %v", err)
			}
		})
	}
}

// abandon makes a charge that is held by the provider, and gives it up.
func abandon(t *testing.T, process *provider.Process, payments engine.Provider, asked engine.Request) {
	t.Helper()
	providertest.Plan(t, process, provider.Rule{Fault: provider.Late, Times: 1})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		providertest.Await(t, process, provider.Late, 1)
	}()
	if _, err := payments.Do(ctx, asked); !errors.Is(err, context.Canceled) || !errors.Is(meaning(err), errUnknown) {
		t.Fatalf("the caller who gave up got %v", err)
	}
	if found, err := payments.Find(t.Context(), asked); found != nil || err != nil {
		t.Fatalf("found %v, %v", found, err)
	}
}

func TestARequestThatArrivesAfterItsFenceDoesNothing(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	payments := providertest.Client(t, process, paymentwebhook.New)
	book := ledgertest.Open(t, process.Ledger())
	abandon(t, process, payments, charge("late"))
	if err := payments.Cancel(t.Context(), charge("late")); err != nil {
		t.Fatal(err)
	}
	for entry := awaitEntry(t, book, "late"); entry.Requests == 0; entry = awaitEntry(t, book, "late") {
		providertest.Release(t, process)
	}
	hasEntry(t, book, "late", ledger.Fenced)
	if _, err := payments.Do(t.Context(), charge("late")); ledgertest.Code(err) != calls.CodeFenced {
		t.Errorf("after the fence: %v", err)
	}
}

func TestARequestThatArrivesLateButBeforeItsFenceIsFound(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	payments := providertest.Client(t, process, paymentwebhook.New)
	abandon(t, process, payments, charge("late"))
	for {
		providertest.Release(t, process)
		found, err := payments.Find(t.Context(), charge("late"))
		if err != nil {
			t.Fatal(err)
		}
		if found != nil {
			break
		}
	}
	if err := payments.Cancel(t.Context(), charge("late")); !errors.Is(err, webhook.ErrHappened) {
		t.Errorf("the fence returned %v", err)
	}
}

func TestAChargeIsFoundAfterTheProviderCrashedOrWasKilled(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	payments := providertest.Client(t, process, paymentwebhook.New)
	book := ledgertest.Open(t, process.Ledger())
	for name, kill := range map[string]bool{"crashed": false, "killed": true} {
		rule := provider.Rule{Fault: provider.Crash, Times: 1}
		if kill {
			rule = provider.Rule{Fault: provider.Delay, Delay: provider.Duration(time.Hour), Times: 1}
		}
		providertest.Plan(t, process, rule)
		ended := make(chan error, 1)
		go func() {
			_, err := payments.Do(t.Context(), charge(name))
			ended <- err
		}()
		if kill {
			awaitEntry(t, book, name)
			if err := process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-ended; !errors.Is(meaning(err), errUnknown) && !errors.Is(err, calls.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		<-process.Exited()
		if _, err := payments.Find(t.Context(), charge(name)); !errors.Is(err, calls.ErrUnavailable) {
			t.Errorf("%s: the look-up returned %v", name, err)
		}
		if err := process.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if found, err := payments.Find(t.Context(), charge(name)); err != nil || found == nil {
			t.Errorf("%s: found %v, %v", name, found, err)
		}
	}
}

func awaitEntry(t *testing.T, book *ledger.Ledger, key string) *ledger.Entry {
	t.Helper()
	for {
		entry, err := book.Find(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if entry != nil {
			return entry
		}
	}
}

func TestAProviderThatIsDownDidNothing(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	payments := providertest.Client(t, process, paymentwebhook.New)
	if err := process.Down(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := payments.Do(t.Context(), charge("key")); !errors.Is(err, calls.ErrUnavailable) {
		t.Fatalf("while it was down: %v", err)
	}
	if err := errors.Join(process.Kill(), process.Restart(t.Context())); err != nil {
		t.Fatal(err)
	}
	if found, err := payments.Find(t.Context(), charge("key")); found != nil || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestAProviderThatSaysThatNothingHappenedIsBelieved(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	payments := providertest.Client(t, process, paymentwebhook.New)
	providertest.Plan(t, process, provider.Rule{Fault: provider.Unavailable, Times: 1})
	if _, err := payments.Do(t.Context(), charge("key")); !errors.Is(err, calls.ErrUnavailable) {
		t.Errorf("concluded %v", err)
	}
	if found, err := payments.Find(t.Context(), charge("key")); found != nil || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestRefusalsOfChargesAndOfRefundsAreFinal(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	payments := providertest.Client(t, process, paymentwebhook.New)
	providertest.Plan(t, process,
		provider.Rule{Fault: provider.Refuse, Actions: []string{"charge"}, Correlation: "refused"},
		provider.Rule{Fault: provider.Refuse, Actions: []string{"refund"}},
	)
	refused := charge("refused")
	refused.Correlation = "refused"
	taken, err := payments.Do(t.Context(), charge("charge"))
	if err != nil {
		t.Fatal(err)
	}
	for _, asked := range []engine.Request{refused, of(request(engine.Refund, "refund"), taken.Reference)} {
		for range 2 {
			if _, err := payments.Do(t.Context(), asked); ledgertest.Code(err) != "not_today" {
				t.Errorf("%s: %v", asked.Key, err)
			}
			providertest.Plan(t, process)
		}
		if found, err := payments.Find(t.Context(), asked); found != nil || ledgertest.Code(err) != "not_today" {
			t.Errorf("%s: found %v, %v", asked.Key, found, err)
		}
		providertest.Plan(t, process, provider.Rule{Fault: provider.Refuse, Actions: []string{"refund"}})
	}
}

func TestWrongCredentialsAreAMatterOfConfiguration(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	current := "a secret that the provider does not know"
	configured := process.WebhookOptions()
	right := configured.Credentials
	configured.Credentials = func(ctx context.Context) ([]byte, error) {
		if current == "" {
			return right(ctx)
		}
		return []byte(current), nil
	}
	payments, err := paymentwebhook.New(configured)
	if err != nil {
		t.Fatal(err)
	}
	defer payments.Close()
	if _, err := payments.Do(t.Context(), charge("key")); !errors.Is(err, calls.ErrMisconfigured) || strings.Contains(err.Error(), current) {
		t.Errorf("the wrong secret: %v", err)
	}
	current = ""
	if _, err := payments.Do(t.Context(), charge("key")); err != nil {
		t.Errorf("the right secret: %v", err)
	}
	if err := process.SetSecret([]byte("a new secret for both sides")); err != nil {
		t.Fatal(err)
	}
	if _, err := payments.Do(t.Context(), charge("key")); err != nil {
		t.Errorf("the new secret: %v", err)
	}
	report, err := process.Report(t.Context())
	if err != nil || report.Unsigned != 1 || report.Requests != 2 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestTheWrongPathIsAMatterOfConfiguration(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	configured := process.WebhookOptions()
	configured.URL += "/elsewhere"
	payments, err := paymentwebhook.New(configured)
	if err != nil {
		t.Fatal(err)
	}
	defer payments.Close()
	if found, err := payments.Find(t.Context(), charge("key")); found != nil || !errors.Is(err, calls.ErrMisconfigured) {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestAnIndiscreetProviderIsNotRepeated(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	payments := providertest.Client(t, process, paymentwebhook.New)
	providertest.Plan(t, process, provider.Rule{Fault: provider.Indiscreet})
	secret, err := process.WebhookOptions().Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = payments.Do(t.Context(), charge("key"))
	if ledgertest.Code(err) != "refused" {
		t.Fatal(err)
	}
	for _, hidden := range []string{"sim_approve", string(secret), "\x1b"} {
		if strings.Contains(err.Error(), hidden) {
			t.Errorf("%q holds %q", err, hidden)
		}
	}
}
