// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"encoding/json"
	"iter"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/payment/engine"
	paymentwebhook "github.com/eventcore/order-operator/controllers/payment/webhook"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/test/provider"
	"github.com/eventcore/order-operator/test/provider/providertest"
)

func TestMain(m *testing.M) { providertest.Main(m) }

func charge(key, correlation string) engine.Request {
	return engine.Request{
		Action: engine.Charge, Key: key, Token: "sim_approve", Correlation: correlation,
		Amount: saga.Money{Currency: "USD", Minor: 1000},
	}
}

func TestTheSeedDecidesWhichRequestsMeetAFault(t *testing.T) {
	const requests, probability = 400, 0.25
	lost := func(seed uint64) string {
		process := providertest.Start(t, provider.Options{})
		payments := providertest.Client(t, process, paymentwebhook.New)
		err := process.SetPlan(t.Context(), provider.Plan{
			Seed: seed, Rules: []provider.Rule{{Fault: provider.LoseReply, Probability: new(probability)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		var which strings.Builder
		for i := range requests {
			if _, err := payments.Do(t.Context(), charge(strconv.Itoa(i), "")); err != nil {
				which.WriteString(strconv.Itoa(i) + " ")
			}
		}
		return which.String()
	}
	first := lost(1)
	if count := strings.Count(first, " "); math.Abs(float64(count)-requests*probability) > requests*probability/3 {
		t.Errorf("%d of %d replies were lost", count, requests)
	}
	if again := lost(1); again != first {
		t.Errorf("the same seed lost %s and %s", first, again)
	}
	if other := lost(2); other == first {
		t.Errorf("another seed lost the same: %s", other)
	}
}

func TestARuleIsForItsOrderAndAsOftenAsItSays(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	payments := providertest.Client(t, process, paymentwebhook.New)
	providertest.Plan(t, process,
		provider.Rule{Fault: provider.Refuse, Correlation: "a", Times: 1},
		provider.Rule{Fault: provider.Refuse, Actions: []string{"refund"}},
	)
	for _, row := range []struct {
		key, correlation string
		refused          bool
	}{{"1", "b", false}, {"2", "a", true}, {"3", "a", false}} {
		if _, err := payments.Do(t.Context(), charge(row.key, row.correlation)); (err != nil) != row.refused {
			t.Errorf("%s: %v", row.key, err)
		}
	}
}

func TestTheAdminEndpointReadsTheLedgerAloud(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	payments := providertest.Client(t, process, paymentwebhook.New)
	declined := charge("2", "b")
	declined.Token = "sim_decline"
	for _, request := range []engine.Request{charge("1", "a"), declined} {
		_, _ = payments.Do(t.Context(), request) // the second one is refused
	}
	read := func(entries iter.Seq2[ledger.Entry, error]) (all []ledger.Entry) {
		for entry, err := range entries {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, entry)
		}
		return all
	}
	want := read(ledgertest.Open(t, process.Ledger()).Entries(t.Context()))
	if got := read(process.Admin().Entries(t.Context())); len(want) != 2 || !reflect.DeepEqual(got, want) {
		t.Errorf("it reads\n%+v\ninstead of\n%+v", got, want)
	}
}

func TestAPlanThatCannotBeMeantIsRefused(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	for want, plan := range map[string]provider.Plan{
		`rules[0].fault: "sleep" is unknown`:    {Rules: []provider.Rule{{Fault: "sleep"}}},
		"rules[1].probability: 2 is not from 0": {Rules: []provider.Rule{{Fault: provider.Late}, {Fault: provider.Late, Probability: new(2.0)}}},
	} {
		if err := process.SetPlan(t.Context(), plan); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v instead of %s", err, want)
		}
	}
}

func TestAProcessGoesOnAfterSIGKILLOnTheSameLedgerAndPort(t *testing.T) {
	process := providertest.Start(t, provider.Options{TLS: true})
	payments := providertest.Client(t, process, paymentwebhook.New)
	providertest.Plan(t, process, provider.Rule{Fault: provider.Refuse, Correlation: "refused"})
	url := process.URL()
	before, err := payments.Do(t.Context(), charge("key", ""))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := process.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	after, err := payments.Find(t.Context(), charge("key", ""))
	if err != nil || after == nil || *after != before || process.URL() != url {
		t.Errorf("found %+v, %v at %s", after, err, process.URL())
	}
	if _, err := payments.Do(t.Context(), charge("refused", "refused")); ledgertest.Code(err) == "" {
		t.Errorf("the plan was lost: %v", err)
	}
}

func TestAProviderThatWasDownComesBackByItself(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	payments := providertest.Client(t, process, paymentwebhook.New)
	if err := process.Down(t.Context(), 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	for {
		_, err := payments.Do(t.Context(), charge("key", ""))
		if err == nil {
			return
		}
		// Unavailable at best; a connection may also break after the request, and nobody knows then.
		if code := ledgertest.Code(err); code != "" {
			t.Fatalf("the provider, which is away, has said %q: %v", code, err)
		}
	}
}

func TestADuplicateDeliveryIsSeenByTheLedgerAndChargedOnce(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	payments := providertest.Client(t, process, paymentwebhook.New)
	providertest.Plan(t, process, provider.Rule{Fault: provider.Twice})
	if _, err := payments.Do(t.Context(), charge("key", "order")); err != nil {
		t.Fatal(err)
	}
	book := ledgertest.Open(t, process.Ledger())
	entry, err := book.Find(t.Context(), "key")
	if err != nil || entry == nil || entry.Requests != 2 {
		t.Errorf("the ledger has %+v, %v", entry, err)
	}
	balances, err := ledger.Balances(t.Context(), book)
	if err != nil || balances["order"].Charged.Minor != 1000 {
		t.Errorf("the balance is %+v, %v", balances["order"], err)
	}
}

// TestTheProgramTeachesHowToUseIt runs it as a person would.
func TestTheProgramTeachesHowToUseIt(t *testing.T) {
	program, err := provider.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	help, err := exec.CommandContext(t.Context(), program, "--help").CombinedOutput()
	if err != nil {
		t.Errorf("--help: %v", err)
	}
	for _, word := range provider.Faults() {
		if !strings.Contains(string(help), string(word)) {
			t.Errorf("--help does not tell of %s", word)
		}
	}
	for want, arguments := range map[string][]string{
		"--ledger is missing":      {},
		"--secret-file is missing": {"--ledger", "l"},
		"must be given together":   {"--ledger", "l", "--secret-file", "s", "--tls-cert", "c"},
		`"what" is no flag`:        {"what"},
	} {
		output, err := exec.CommandContext(t.Context(), program, arguments...).CombinedOutput()
		if err == nil || !strings.Contains(string(output), want) {
			t.Errorf("%q: %v, %s", arguments, err, output)
		}
	}
}

// TestTheProgramEndsInPeaceBySIGTERM leaves the ledger as it was.
func TestTheProgramEndsInPeaceBySIGTERM(t *testing.T) {
	folder := t.TempDir()
	program, err := provider.Build(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(folder, "secret")
	if err := os.WriteFile(secret, []byte("a secret of enough bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, "--ledger", filepath.Join(folder, "l.db"), "--secret-file", secret)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = time.Minute
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var ready provider.Ready
	if err := json.NewDecoder(stdout).Decode(&ready); err != nil || ready.URL == "" || ready.Admin == "" {
		t.Errorf("it says %+v, %v", ready, err)
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}
