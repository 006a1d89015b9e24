// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
)

// Now is the time of the providers under test.
var Now = time.Date(2026, time.February, 3, 4, 5, 6, 789, time.UTC)

// Operation is a call of a provider.
type Operation struct {
	Name string
	// Do makes the call, which succeeds, and returns the reference.
	Do Call
	// Refuse makes it such that the provider says no.
	Refuse Call
	// Unanswered makes it in ways in which it happens, but the caller does not learn of it, if there are any.
	Unanswered map[string]Call
	// Find looks the key up and returns the reference, which is empty if nothing was found.
	Find Call
	// Cancel fences the key.
	Cancel func(ctx context.Context, key string) error
}

// Call calls a provider with the key.
type Call func(ctx context.Context, key string) (reference string, err error)

// Setup returns the operations of a provider on the ledger.
type Setup func(book *ledger.Ledger, options ledger.Options) []Operation

// Contract tests the operations, each on a ledger of its own. Sleep, in the options, never returns in time.
func Contract(t *testing.T, setup Setup) {
	t.Helper()
	operations := setup(nil, ledger.Options{})
	names := make([]string, 0, len(operations))
	for _, operation := range operations {
		names = append(names, operation.Name)
	}
	ContractOf(t, names, func(t *testing.T, path string) []Operation {
		t.Helper()
		return setup(Open(t, path), options())
	})
}

// Start returns the operations of a provider, such as another process, on the ledger in the file, which others have
// open too. The provider's clock stands still at Now.
type Start func(t *testing.T, path string) []Operation

// ContractOf is Contract for the operations of these names, in the order in which start returns them.
func ContractOf(t *testing.T, names []string, start Start) {
	t.Helper()
	clauses := []struct {
		name string
		test func(*scene)
	}{
		{"the same key gives the first answer again", (*scene).replays},
		{"the same key makes one entry, however many ask at once", (*scene).agrees},
		{"a key that nobody used is not found", (*scene).findsNothing},
		{"a key is fenced before it is seen", (*scene).fences},
		{"a fence comes too late for what has happened", (*scene).isTooLate},
		{"a refusal is given again, found, and can be fenced", (*scene).refuses},
		{"what was recorded but not answered is found and replayed", (*scene).outlivesLostAnswers},
		{"a key is no good for another request", (*scene).knowsReuse},
		{"a call whose context has ended does nothing", (*scene).respectsContext},
	}
	for i, name := range names {
		for _, clause := range clauses {
			t.Run(name+": "+clause.name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "ledger.db")
				s := &scene{T: t, book: Open(t, path), operations: start(t, path)}
				s.Operation = s.operations[i]
				s.witness = start(t, path)[i]
				clause.test(s)
			})
		}
	}
}

func options() ledger.Options {
	return ledger.Options{
		Clock: func() time.Time { return Now },
		Sleep: func(context.Context, time.Duration) error { return context.DeadlineExceeded },
	}
}

// scene is a test of one clause of the contract, for one operation.
type scene struct {
	*testing.T
	Operation

	// witness is the same operation on a ledger that was opened separately, as by another process.
	witness    Operation
	operations []Operation
	book       *ledger.Ledger
}

func (s *scene) replays() {
	reference := s.succeeds(s.Do, "key")
	if again := s.succeeds(s.witness.Do, "key"); again != reference {
		s.Errorf("the same key made %q of %q", again, reference)
	}
	if other := s.succeeds(s.Do, "other"); other == reference {
		s.Errorf("two keys share the reference %q", other)
	}
	s.finds(reference)
	s.hasEntry("key", ledger.Done, 2)
}

func (s *scene) agrees() {
	const callers = 32
	references := make([]string, callers)
	var running sync.WaitGroup
	for i := range callers {
		do := s.Do
		if i%2 == 1 {
			do = s.witness.Do
		}
		running.Go(func() { references[i] = s.succeeds(do, "key") })
	}
	running.Wait()
	for _, reference := range references {
		if reference != references[0] {
			s.Fatalf("the same key has the references %q", references)
		}
	}
	s.hasEntry("key", ledger.Done, callers)
}

func (s *scene) findsNothing() {
	s.finds("")
	s.succeeds(s.Do, "other")
	s.finds("")
}

func (s *scene) fences() {
	for range 2 {
		if err := s.Cancel(s.Context(), "key"); err != nil {
			s.Fatalf("fence the key: %v", err)
		}
	}
	s.isRefused(s.witness.Do, ledger.CodeKeyCancelled)
	s.isRefused(s.Do, ledger.CodeKeyCancelled)
	s.finds("")
	s.hasEntry("key", ledger.Fenced, 2)
}

func (s *scene) isTooLate() {
	reference := s.succeeds(s.Do, "key")
	if err := s.witness.Cancel(s.Context(), "key"); !errors.Is(err, ledger.ErrDone) {
		s.Errorf("the fence of what has happened returned %v", err)
	}
	s.finds(reference)
	s.hasEntry("key", ledger.Done, 1)
}

func (s *scene) refuses() {
	_, err := s.Refuse(s.Context(), "key")
	code := Code(err)
	if code == "" {
		s.Fatalf("not refused: %v", err)
	}
	s.isRefused(s.witness.Refuse, code)
	s.isRefused(s.Find, code)
	if err := s.Cancel(s.Context(), "key"); err != nil {
		s.Errorf("fence a key that was refused: %v", err)
	}
	s.isRefused(s.Refuse, code)
	s.hasEntry("key", ledger.Refused, 3)
}

func (s *scene) outlivesLostAnswers() {
	for name, call := range s.Unanswered {
		reference, err := call(s.Context(), name)
		if err == nil || Code(err) != "" || errors.Is(err, calls.ErrUnavailable) {
			s.Fatalf("%s: the outcome is known: %q, %v", name, reference, err)
		}
		found := s.succeeds(s.witness.Find, name)
		if replayed := s.succeeds(call, name); found == "" || replayed != found {
			s.Errorf("%s: %q was found, and %q replayed", name, found, replayed)
		}
		s.hasEntry(name, ledger.Done, 2)
	}
}

func (s *scene) knowsReuse() {
	s.succeeds(s.Do, "key")
	for _, other := range s.operations {
		if other.Name != s.Name {
			s.isRefused(other.Refuse, ledger.CodeKeyReused)
			s.isRefused(other.Find, ledger.CodeKeyReused)
		}
	}
	s.hasEntry("key", ledger.Done, len(s.operations))
}

func (s *scene) respectsContext() {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	if reference, err := s.Refuse(ctx, "key"); !errors.Is(err, context.Canceled) {
		s.Errorf("a call after its context's end returned %q, %v", reference, err)
	}
	s.finds("")
}

func (s *scene) succeeds(call Call, key string) string {
	s.Helper()
	reference, err := call(s.Context(), key)
	if err != nil {
		s.Errorf("%s: %v", key, err)
	}
	return reference
}

// finds looks "key" up, here and there.
func (s *scene) finds(want string) {
	s.Helper()
	for _, find := range []Call{s.Find, s.witness.Find} {
		if reference := s.succeeds(find, "key"); reference != want {
			s.Errorf("found %q instead of %q", reference, want)
		}
	}
}

// isRefused makes the call with "key".
func (s *scene) isRefused(call Call, code string) {
	s.Helper()
	if _, err := call(s.Context(), "key"); Code(err) != code {
		s.Errorf("not refused as %s: %v", code, err)
	}
}

func (s *scene) hasEntry(key string, state ledger.State, requests int) {
	s.Helper()
	var found []string
	for entry, err := range s.book.Entries(s.Context()) {
		if err != nil {
			s.Fatalf("read the ledger: %v", err)
		}
		if entry.Key == key && entry.RecordedAt.Equal(Now) {
			found = append(found, fmt.Sprintf("%s after %d requests", entry.State, entry.Requests))
		}
	}
	if want := fmt.Sprintf("%s after %d requests", state, requests); len(found) != 1 || found[0] != want {
		s.Errorf("%s: the ledger has %q instead of %q", key, found, want)
	}
}
