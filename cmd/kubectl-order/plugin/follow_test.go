// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/eventcore/order-operator/cmd/kubectl-order/plugin"
	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
)

// watcher is "kubectl order history -w" while it runs.
type watcher struct {
	*testing.T
	lines  *bufio.Scanner
	code   chan int
	errOut bytes.Buffer
}

func follow(t *testing.T, who string, arguments ...string) *watcher {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	reader, writer := io.Pipe()
	w := &watcher{T: t, lines: bufio.NewScanner(reader), code: make(chan int, 1)}
	arguments = append([]string{"--kubeconfig=" + shared.kubeconfig(who), "history", "-w"}, arguments...)
	go func() {
		code := plugin.Run(ctx, arguments, plugin.Options{
			Streams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: writer, ErrOut: &w.errOut},
			Getenv:  func(string) string { return "" }, Clock: time.Now, Version: "test",
		})
		_ = writer.Close()
		w.code <- code
	}()
	return w
}

// until reads lines up to the one that holds the text, and returns them.
func (w *watcher) until(text string) []string {
	w.Helper()
	var seen []string
	for w.lines.Scan() {
		seen = append(seen, w.lines.Text())
		if strings.Contains(w.lines.Text(), text) {
			return seen
		}
	}
	w.Fatalf("%q was not shown, but\n%s\n%s", text, strings.Join(seen, "\n"), w.errOut.String())
	return nil
}

// end reads what is left, and returns the exit code.
func (w *watcher) end() (int, []string) {
	w.Helper()
	var seen []string
	for w.lines.Scan() {
		seen = append(seen, w.lines.Text())
	}
	return <-w.code, seen
}

// waiting places an order that waits to be resumed.
func waiting(t *testing.T, name string) {
	t.Helper()
	place(t, shop, "suspended", name, "", "")
	see(t, name, "Suspended")
}

func TestHistoryFollowsAnOrderToItsEnd(t *testing.T) {
	waiting(t, "followed")
	w := follow(t, ada, "followed")
	w.until("OrderSuspended")
	if got := succeeds(t, ada, "resume", "followed"); got != "order.commerce.eventcore.dev/followed resumed\n" {
		t.Errorf("resume says %q", got)
	}
	w.until("Charged 80.00 USD as ch_")
	code, rest := w.end()
	if code != plugin.ExitOK || len(rest) == 0 || !strings.Contains(rest[len(rest)-1], "Completed: paid, and released to the carrier") {
		t.Errorf("it ended with code %d:\n%s\n%s", code, strings.Join(rest, "\n"), w.errOut.String())
	}
	// What has ended already is shown, and not waited for.
	if code, lines := follow(t, ada, "followed").end(); code != plugin.ExitOK || len(lines) < 8 {
		t.Errorf("once more it ended with code %d:\n%s", code, strings.Join(lines, "\n"))
	}
}

// TestHistoryGoesOnWhenTheOperatorRestarts shows no event twice, and leaves none out.
func TestHistoryGoesOnWhenTheOperatorRestarts(t *testing.T) {
	waiting(t, "restarted")
	w := follow(t, ada, "restarted", "-o", "json")
	lines := w.until("OrderSuspended")
	if err := shared.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := shared.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	succeeds(t, ada, "resume", "restarted")
	code, rest := w.end()
	var types []string
	for _, line := range append(lines, rest...) {
		var event historyv1.Event
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		types = append(types, event.Type)
	}
	want := []string{
		"OrderCreated", "OrderSuspended", "OrderResumed", "StockReserved", "PaymentRequested", "PaymentProcessed",
		"ShipmentRequested", "ShipmentCreated", "OrderCompleted",
	}
	if code != plugin.ExitOK || !slices.Equal(types, want) {
		t.Errorf("it ended with code %d after %q\n%s", code, types, w.errOut.String())
	}
}

func TestFollowingEndsWhenTheUserHasEnough(t *testing.T) {
	waiting(t, "boring")
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	var errOut bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- plugin.Run(ctx, []string{"--kubeconfig=" + shared.kubeconfig(ada), "history", "-w", "boring"}, plugin.Options{
			Streams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: writer, ErrOut: &errOut},
			Getenv:  func(string) string { return "" }, Clock: time.Now, Version: "test",
		})
		_ = writer.Close()
	}()
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "OrderSuspended") {
			cancel()
		}
	}
	cancel()
	if got := <-code; got != plugin.ExitInterrupted || strings.Contains(errOut.String(), "error") {
		t.Errorf("it ended with code %d: %s", got, errOut.String())
	}
	succeeds(t, ada, "cancel", "boring")
}
