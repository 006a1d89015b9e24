// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulated_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/payment/simulated"
)

// ledgerOfVictim makes the test binary a process that is killed between a charge and its answer.
const ledgerOfVictim = "LEDGER_OF_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(ledgerOfVictim); path != "" {
		fmt.Fprintln(os.Stderr, "the victim survived:", victim(context.Background(), path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func victim(ctx context.Context, path string) error {
	book, err := ledger.Open(ctx, path)
	if err != nil {
		return err
	}
	kill := func(context.Context, time.Duration) error { return syscall.Kill(os.Getpid(), syscall.SIGKILL) }
	_, err = simulated.New(book, simulated.Options{Sleep: kill}).Do(ctx, chargeRequest("key", "sim_slow_1"))
	return err
}

func TestAChargeIsFoundThoughItsProcessWasKilledBeforeTheAnswer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), ledgerOfVictim+"="+path)
	output, err := command.CombinedOutput()
	if status, ok := command.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the process was not killed: %v\n%s", err, output)
	}
	book := ledgertest.Open(t, path)
	provider := simulated.New(book, simulated.Options{})
	found, err := provider.Find(t.Context(), chargeRequest("key", ""))
	if err != nil || found == nil || found.Amount != usd(1000) {
		t.Fatalf("found %+v, %v", found, err)
	}
	again, err := provider.Do(t.Context(), chargeRequest("key", "sim_slow_1"))
	if err != nil || again != *found {
		t.Errorf("the replay returned %+v, %v", again, err)
	}
	balances, err := ledger.Balances(t.Context(), book)
	if got := balances["store/shop/order/1"]; err != nil || got.Charged != usd(1000) {
		t.Errorf("the balance is %+v, %v", got, err)
	}
}

func TestNoTokenAndNoDigestOfOneIsInTheFile(t *testing.T) {
	directory := t.TempDir()
	book, err := ledger.Open(t.Context(), filepath.Join(directory, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	none := func(context.Context, time.Duration) error { return nil }
	provider := simulated.New(book, simulated.Options{Sleep: none})
	tokens := []string{
		"sim_approve", "sim_decline", "sim_insufficient_funds", "sim_lost_reply", "sim_fail_1", "sim_slow_1",
		"sim_capture_refused", "sim_capture_lost", "sim_void_refused", "sim_void_lost", "sim_refund_refused", "sim_refund_lost",
	}
	for i, token := range tokens {
		for range 2 { // a replay, or the success after a failure
			_, _ = provider.Do(t.Context(), chargeRequest(fmt.Sprintf("key-%d", i), token))
		}
	}
	searchFiles(t, directory, tokens) // as long as the write-ahead log is there

	// Its refusal lists the known tokens.
	_, _ = provider.Do(t.Context(), chargeRequest("key of an unknown token", "tok_live_4242424242424242"))
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	searchFiles(t, directory, []string{"tok_live_4242424242424242"})
}

// searchFiles looks for the tokens in copies of the files: to open and close the files themselves would release their locks.
func searchFiles(t *testing.T, directory string, tokens []string) {
	t.Helper()
	copies := t.TempDir()
	if err := exec.CommandContext(t.Context(), "cp", "-r", directory+"/.", copies).Run(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(copies, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var content []byte
	for _, file := range files {
		part, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		content = append(content, part...)
	}
	if !bytes.Contains(content, []byte("key-0")) {
		t.Fatal("the ledger's entries are not in its files")
	}
	for _, token := range tokens {
		digest := sha256.Sum256([]byte(token))
		for _, needle := range []string{
			token, string(digest[:8]), hex.EncodeToString(digest[:8]), base64.StdEncoding.EncodeToString([]byte(token)),
		} {
			if bytes.Contains(content, []byte(needle)) {
				t.Errorf("the ledger holds %q of the token %s", needle, token)
			}
		}
	}
}
