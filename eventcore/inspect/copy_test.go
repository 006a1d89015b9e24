// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/inspect"
	"github.com/eventcore/order-operator/eventcore/memory"
)

func TestACopyIsTheSameHistoryInAStoreOfAnyKind(t *testing.T) {
	for fromName, from := range stores(t) {
		fill(t, from, 1_100)
		for toName, to := range stores(t) {
			copied := 0
			options := inspect.Options{Registry: registry, Progress: func(phase string, done, _ int) {
				if phase == "copy" {
					copied = done
				}
			}}
			report, err := inspect.Copy(t.Context(), from, to, options)
			if err != nil || report.Events != 1_100 || report.Streams != 11 || copied != 1_100 {
				t.Errorf("%s to %s: %+v, %v, progress %d", fromName, toName, report, err, copied)
			}
			if _, err := inspect.Copy(t.Context(), from, to, options); !errors.Is(err, inspect.ErrNotEmpty) {
				t.Errorf("%s to %s again: %v, want ErrNotEmpty", fromName, toName, err)
			}
		}
	}
}

func TestACopyIsConsistentWhileOthersWrite(t *testing.T) {
	for fromName, from := range stores(t) {
		for toName := range kinds {
			fill(t, from, 500)
			to := openNew(t, toName, from.Identity().StoreID)
			before, err := from.Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			var writers sync.WaitGroup
			for writer := range 2 {
				writers.Go(func() { appendUntilEnd(ctx, t, from, writer) })
			}
			phases := map[string]bool{}
			report, err := inspect.Copy(t.Context(), from, to, inspect.Options{Progress: func(phase string, _, _ int) {
				if !phases[phase] { // in each phase something is appended for sure
					phases[phase] = true
					appendAll(t, from, counted(t, 1, "all", "meanwhile"))
				}
			}})
			after, _ := from.Head(t.Context())
			stop()
			writers.Wait()
			if err != nil || report.Head < before || report.Head >= after || len(phases) < 3 {
				t.Errorf("%s to %s: %+v, %v, phases %v; want a head from %d to below %d",
					fromName, toName, report, err, phases, before, after)
			}
			if err := eventcore.CheckHistory(t.Context(), to, from.Identity(), report.Head); err != nil {
				t.Errorf("%s to %s: %v", fromName, toName, err)
			}
			if err := eventcore.CheckHistory(t.Context(), to, from.Identity(), after); !errors.Is(err, eventcore.ErrRolledBack) {
				t.Errorf("%s to %s: %v, want that it lacks what was appended since", fromName, toName, err)
			}
		}
	}
}

// appendUntilEnd appends events of one stream and of two until ctx ends.
func appendUntilEnd(ctx context.Context, t *testing.T, store eventcore.Store, writer int) {
	t.Helper()
	own := eventcore.StreamID(fmt.Sprint("writer-", writer))
	for {
		request := eventcore.AppendRequest{ID: uuid.New(), Events: []eventcore.Event{
			counted(t, writer, own), counted(t, writer, "all", own),
		}}
		switch _, err := store.Append(ctx, request); {
		case ctx.Err() != nil:
			return
		case err != nil:
			t.Error(err)
			return
		}
	}
}

func TestACopyUnderTheSameIDIsTheSameHistory(t *testing.T) {
	for fromName, from := range stores(t) {
		custodian := from.(eventcore.Custodian)
		for range 2 {
			if _, err := custodian.AcceptRollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := custodian.Bind(t.Context(), "here"); err != nil {
			t.Fatal(err)
		}
		fill(t, from, 10)
		for toName := range kinds {
			same := openNew(t, toName, from.Identity().StoreID)
			if _, err := inspect.Copy(t.Context(), from, same, inspect.Options{}); err != nil {
				t.Fatalf("%s to %s: %v", fromName, toName, err)
			}
			err := same.(eventcore.Custodian).Bind(t.Context(), "there")
			other, ok := errors.AsType[*eventcore.OtherClusterError](err)
			if same.Identity() != from.Identity() || !ok || other.Serves != "here" {
				t.Errorf("%s to %s: %+v, want %+v; bind: %v", fromName, toName, same.Identity(), from.Identity(), err)
			}
		}
		other := memory.New(memory.Options{})
		if _, err := inspect.Copy(t.Context(), from, other, inspect.Options{}); err != nil {
			t.Fatalf("%s: %v", fromName, err)
		}
		if other.Identity().StoreID == from.Identity().StoreID || other.Identity().Epoch != 1 {
			t.Errorf("%s: another history became %+v", fromName, other.Identity())
		}
		if err := other.Bind(t.Context(), "there"); err != nil {
			t.Errorf("%s: another history serves a cluster: %v", fromName, err)
		}
	}
}

func TestACopyKeepsTheIdentityOrFails(t *testing.T) {
	newStore := func(id uuid.UUID) *memory.Store { return memory.New(memory.Options{StoreID: id}) }
	raise := func(t *testing.T, store *memory.Store) {
		t.Helper()
		if _, err := store.AcceptRollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]struct {
		prepare func(t *testing.T, from, to *memory.Store)
		amid    func(t *testing.T, from *memory.Store)
		plain   bool
	}{
		"a target of a later epoch": {prepare: func(t *testing.T, _, to *memory.Store) {
			t.Helper()
			raise(t, to)
		}},
		"a target that has no epochs": {plain: true, prepare: func(t *testing.T, from, _ *memory.Store) {
			t.Helper()
			raise(t, from)
		}},
		"a target that serves nobody": {plain: true, prepare: func(t *testing.T, from, _ *memory.Store) {
			t.Helper()
			if err := from.Bind(t.Context(), "here"); err != nil {
				t.Fatal(err)
			}
		}},
		"a rollback meanwhile": {amid: raise},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			from := newStore(uuid.New())
			to := newStore(from.Identity().StoreID)
			fill(t, from, 10)
			if test.prepare != nil {
				test.prepare(t, from, to)
			}
			target := eventcore.Store(to)
			if test.plain {
				target = struct{ eventcore.Store }{to}
			}
			_, err := inspect.Copy(t.Context(), from, target, inspect.Options{Progress: func(phase string, _, _ int) {
				if phase == "copy" && test.amid != nil {
					test.amid(t, from)
				}
			}})
			if !errors.Is(err, inspect.ErrDiffers) {
				t.Errorf("got %v, want ErrDiffers", err)
			}
		})
	}
}

func TestAnEmptyHistoryIsCopied(t *testing.T) {
	report, err := inspect.Copy(
		t.Context(), memory.New(memory.Options{}), memory.New(memory.Options{}), inspect.Options{})
	if err != nil || report.Events != 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

// Count is a command with an id.
type Count struct{ Numbers []int }

func (c Count) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{"counted"} }

func (c Count) Handle(b *eventcore.Boundary) error {
	eventcore.Load[Sum](b, "counted")
	for _, number := range c.Numbers {
		if err := b.Append(Counted{Number: number}, "counted"); err != nil {
			return err
		}
	}
	return nil
}

func run(t *testing.T, store eventcore.Store, id string, command eventcore.Command) (eventcore.Receipt, error) {
	t.Helper()
	executor, err := eventcore.NewExecutor(t.Context(), store, registry, eventcore.ExecutorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer executor.Close()
	return executor.Execute(t.Context(), command, eventcore.WithCommandID(id))
}

func TestCommandsAreKnownByTheirIDsInTheCopy(t *testing.T) {
	for fromName, from := range stores(t) {
		fill(t, from, 999) // the command lies across the end of an append of 1,000
		first, err := run(t, from, "one", Count{Numbers: []int{1, 2, 3}})
		if err != nil {
			t.Fatal(err)
		}
		for toName, to := range stores(t) {
			if _, err := inspect.Copy(t.Context(), from, to, inspect.Options{}); err != nil {
				t.Fatalf("%s to %s: %v", fromName, toName, err)
			}
			again, err := run(t, to, "one", Count{Numbers: []int{1, 2, 3}})
			if err != nil || again.Position != first.Position || len(again.Events) != 3 {
				t.Errorf("%s to %s: got %+v, %v; want the first receipt", fromName, toName, again, err)
			}
			if head, _ := to.Head(t.Context()); head != 1_002 {
				t.Errorf("%s to %s: the repetition appended: head %d", fromName, toName, head)
			}
		}
	}
}

// meddled is a store whose appends are altered.
type meddled struct {
	eventcore.Store
	alter func(request *eventcore.AppendRequest) error
}

func (s *meddled) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	request.Events = append([]eventcore.Event{}, request.Events...)
	if err := s.alter(&request); err != nil {
		return eventcore.Appended{}, err
	}
	return s.Store.Append(ctx, request)
}

func TestACopyThatDiffersIsNoCopy(t *testing.T) {
	errDisk := errors.New("the disk is full")
	type request = eventcore.AppendRequest
	tests := map[string]struct {
		alter func(t *testing.T, to eventcore.Store, r *request) error
		is    error
		says  string
	}{
		"another writer": {func(t *testing.T, to eventcore.Store, _ *request) error {
			t.Helper()
			appendAll(t, to, counted(t, 0, "foreign"))
			return nil
		}, inspect.ErrDiffers, "it has position 2"},
		"another stream": {func(_ *testing.T, _ eventcore.Store, r *request) error {
			r.Events[0].Streams = []eventcore.Membership{{Stream: "b"}}
			return nil
		}, inspect.ErrDiffers, "its streams are"},
		"another id": {func(_ *testing.T, _ eventcore.Store, r *request) error {
			r.Events[0].ID = uuid.New()
			return nil
		}, inspect.ErrDiffers, "its id is"},
		"another type": {func(_ *testing.T, _ eventcore.Store, r *request) error {
			r.Events[0].SchemaVersion = 9
			return nil
		}, inspect.ErrDiffers, "it is Counted version 9"},
		"another time": {func(_ *testing.T, _ eventcore.Store, r *request) error {
			r.Events[0].RecordedAt = r.Events[0].RecordedAt.AddDate(1, 0, 0)
			return nil
		}, inspect.ErrDiffers, "it was recorded at"},
		"other metadata": {func(_ *testing.T, _ eventcore.Store, r *request) error {
			r.Events[0].Metadata.Actor = "eve"
			return nil
		}, inspect.ErrDiffers, "its metadata are"},
		"other data": {func(_ *testing.T, _ eventcore.Store, r *request) error {
			r.Events[0].Data = []byte(`{}`)
			return nil
		}, inspect.ErrDiffers, "its data are others"},
		"no append": {func(*testing.T, eventcore.Store, *request) error { return errDisk }, errDisk, "append after position 0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			from, to := memory.New(memory.Options{}), memory.New(memory.Options{})
			fill(t, from, 10)
			target := &meddled{Store: to, alter: func(r *request) error { return test.alter(t, to, r) }}
			_, err := inspect.Copy(t.Context(), from, target, inspect.Options{})
			if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want something about %q", err, test.says)
			}
		})
	}
}

func TestWhatIsAboveTheTargetsLimitsCannotBeCopied(t *testing.T) {
	from := memory.New(memory.Options{})
	fill(t, from, 600)
	small := memory.New(memory.Options{Limits: eventcore.Limits{Memberships: 256, Bytes: 1 << 19}})
	if report, err := inspect.Copy(t.Context(), from, small, inspect.Options{}); err != nil || report.Events != 600 {
		t.Errorf("%+v, %v; want all, in smaller appends", report, err)
	}
	tiny := memory.New(memory.Options{Limits: eventcore.Limits{Memberships: 1, Bytes: 1 << 19}})
	if _, err := inspect.Copy(t.Context(), from, tiny, inspect.Options{}); !errors.Is(err, eventcore.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}
