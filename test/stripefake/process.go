// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripefake

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// environment names the ledger, and makes a test's binary the fake.
const environment = "STRIPEFAKE_LEDGER"

// Child makes the process the fake, if Start started it. Call it first in TestMain. It returns only in other processes.
func Child() {
	path := os.Getenv(environment)
	if path == "" {
		return
	}
	if err := run(path); err != nil {
		fmt.Fprintln(os.Stderr, "the fake of Stripe:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run serves on a free port, which it prints, until its standard input ends: so it does not outlive who started it.
func run(path string) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	book, err := open(ctx, path)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, book.pool.Close())
	}
	silent := log.New(io.Discard, "", 0)
	service := &http.Server{Handler: &server{book: book}, ReadHeaderTimeout: time.Minute, ErrorLog: silent}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = service.Close()
	}()
	if _, err := fmt.Println("http://" + listener.Addr().String()); err != nil {
		return err
	}
	if err := service.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return book.pool.Close()
}

// Fake is a process that runs the fake.
type Fake struct {
	// URL is that of the API.
	URL string

	command *exec.Cmd
	stdin   io.Closer
}

// Start starts a fake on the ledger in the file, and ends it after the test. Another may run on it before and after.
func Start(tb testing.TB, path string) *Fake {
	tb.Helper()
	binary, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	command := exec.Command(binary)
	command.Env = append(os.Environ(), environment+"="+path)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := command.Start(); err != nil {
		tb.Fatalf("start the fake of Stripe: %v", err)
	}
	fake := &Fake{command: command, stdin: stdin}
	tb.Cleanup(fake.Kill)
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		tb.Fatalf("the fake of Stripe does not tell its address: %v", err)
	}
	fake.URL = strings.TrimSpace(address)
	return fake
}

// Kill ends the process at once, with SIGKILL. Its ledger stays.
func (f *Fake) Kill() {
	_ = f.command.Process.Kill()
	_ = f.command.Wait()
	_ = f.stdin.Close()
}

// Mistreat makes the fake mistreat so many requests of the operation, of any if it is empty.
func (f *Fake) Mistreat(tb testing.TB, operation Operation, fault Fault, times int) {
	tb.Helper()
	f.call(tb, "fault", url.Values{
		"operation": {string(operation)}, "fault": {string(fault)}, "times": {strconv.Itoa(times)},
	}, nil)
}

// Advance turns the fake's clock.
func (f *Fake) Advance(tb testing.TB, by time.Duration) {
	tb.Helper()
	f.call(tb, "clock", url.Values{"by": {by.String()}}, nil)
}

// Release lets the requests arrive that were held.
func (f *Fake) Release(tb testing.TB) {
	tb.Helper()
	f.call(tb, "release", nil, nil)
}

// Ledger returns what the fake did.
func (f *Fake) Ledger(tb testing.TB) Ledger {
	tb.Helper()
	var ledger Ledger
	f.call(tb, "ledger", nil, &ledger)
	return ledger
}

func (f *Fake) call(tb testing.TB, control string, query url.Values, result any) {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, f.URL+"/fake/"+control+"?"+query.Encode(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatalf("control the fake of Stripe: %v", err)
	}
	defer response.Body.Close() //nolint:errcheck // read only
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		tb.Fatalf("control the fake of Stripe: %s, %v", body, err)
	}
	if result == nil {
		return
	}
	if err := json.Unmarshal(body, result); err != nil {
		tb.Fatal(err)
	}
}
