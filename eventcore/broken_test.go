// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

// brokenWorlds are ways to get a store or an executor wrong, each with the promise that the audit finds broken. They
// show that TestWhateverGoesWrongEveryAnswerIsTrue would notice.
var brokenWorlds = map[string]struct {
	world  world
	caught string
}{
	"guards on streams that are only read are ignored": {
		world{faults: everything, store: appendingBy(withoutReadOnlyGuards)}, staleAnswer,
	},
	"an empty append is not validated": {
		world{faults: everything, store: appendingBy(withoutEmptyAppends)}, staleAnswer,
	},
	"all guards are ignored": {
		world{faults: everything, store: appendingBy(withoutGuards)}, overdraft,
	},
	"a late append is looked up without a fence before it is decided again": {
		world{faults: everything, store: resolvingWithoutFence}, doubleCommand,
	},
	"appends are acknowledged before they are committed": {
		world{faults: everything, store: appendingBy(acknowledgeFirst)}, lostCommand,
	},
	"a lost reply is told as a plain failure": {world{faults: plainErrors}, afterFailure},
	"a refusal is answered although its batch failed": {
		world{faults: everything, executor: refuseAnyway}, staleAnswer,
	},
	"a command whose outcome is unknown is executed again": {
		world{faults: unresolved, executor: executeAgain}, doubleCommand,
	},
	"a command whose outcome is unknown is looked up without a fence": {
		world{faults: unresolved, executor: lookUpWithoutFence}, afterFailure,
	},
}

func TestTheAuditCatchesBrokenStoresAndLoops(t *testing.T) {
	for name, broken := range brokenWorlds {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(200) {
				book, log, _ := play(t, seed, broken.world)
				if violations := book.audit(log)[broken.caught]; len(violations) > 0 {
					t.Logf("caught by seed %d: %s", seed, violations[0])
					return
				}
			}
			t.Errorf("200 seeds have not caught it: %s", broken.caught)
		})
	}
}

type appendFunc func(context.Context, eventcore.Store, eventcore.AppendRequest) (eventcore.Appended, error)

// appendingBy replaces Append.
func appendingBy(f appendFunc) func(eventcore.Store) eventcore.Store {
	return func(store eventcore.Store) eventcore.Store {
		return &faulty{Store: store, onAppend: func(
			ctx context.Context, request eventcore.AppendRequest,
		) (eventcore.Appended, error) {
			return f(ctx, store, request)
		}}
	}
}

func withoutReadOnlyGuards(
	ctx context.Context, store eventcore.Store, request eventcore.AppendRequest,
) (eventcore.Appended, error) {
	request.Guards = slices.DeleteFunc(request.Guards, func(guard eventcore.Guard) bool {
		return !slices.ContainsFunc(request.Events, func(e eventcore.Event) bool {
			_, written := e.VersionIn(guard.Stream)
			return written
		})
	})
	return store.Append(ctx, request)
}

func withoutEmptyAppends(
	ctx context.Context, store eventcore.Store, request eventcore.AppendRequest,
) (eventcore.Appended, error) {
	if len(request.Events) == 0 {
		head, err := store.Head(ctx)
		return eventcore.Appended{Previous: head}, err
	}
	return store.Append(ctx, request)
}

func withoutGuards(
	ctx context.Context, store eventcore.Store, request eventcore.AppendRequest,
) (eventcore.Appended, error) {
	request.Guards = nil
	return store.Append(ctx, request)
}

// acknowledgeFirst tells success whatever becomes of the append, with the positions that the events should get.
func acknowledgeFirst(
	ctx context.Context, store eventcore.Store, request eventcore.AppendRequest,
) (eventcore.Appended, error) {
	head, err := store.Head(ctx)
	if err != nil {
		return eventcore.Appended{}, err
	}
	appended, err := store.Append(ctx, request)
	if err == nil || errors.Is(err, eventcore.ErrConflict) {
		return appended, err
	}
	promised := eventcore.Appended{Previous: head, Events: slices.Clone(request.Events)}
	for i := range promised.Events {
		promised.Events[i].Position = head + eventcore.Position(i) + 1
	}
	return promised, nil
}

func plainErrors(seed uint64) storetest.FaultOptions {
	options := everything(seed)
	options.LostReply = errors.New("connection reset by peer")
	return options
}

// unresolved leaves it to the callers to find out what has become of their commands.
func unresolved(seed uint64) storetest.FaultOptions {
	options := everything(seed)
	options.NoResolver = true
	return options
}

// fenceless looks an append up, but lets it land later all the same.
type fenceless struct{ eventcore.Store }

func resolvingWithoutFence(store eventcore.Store) eventcore.Store { return fenceless{store} }

func (s fenceless) Resolve(
	ctx context.Context, request eventcore.AppendRequest,
) (eventcore.Appended, bool, error) {
	var found []eventcore.Event
	for event, err := range s.Read(ctx, eventcore.Query{After: request.Head}) {
		if err != nil {
			return eventcore.Appended{}, false, err
		}
		if slices.ContainsFunc(request.Events, func(e eventcore.Event) bool { return e.ID == event.ID }) {
			found = append(found, event)
		}
	}
	if len(found) == 0 {
		return eventcore.Appended{}, false, nil
	}
	return eventcore.Appended{Previous: found[0].Position - 1, Events: found}, true, nil
}

type executeFunc func(context.Context, eventcore.Command, ...eventcore.ExecuteOption) (eventcore.Receipt, error)

func (f executeFunc) Execute(
	ctx context.Context, command eventcore.Command, options ...eventcore.ExecuteOption,
) (eventcore.Receipt, error) {
	return f(ctx, command, options...)
}

// listening remembers what the last run of a command came to.
type listening struct {
	eventcore.Command
	refusal error
}

func (c *listening) Handle(b *eventcore.Boundary) error {
	c.refusal = c.Command.Handle(b)
	return c.refusal
}

// refuseAnyway answers with the refusal of a decision whose commit has failed.
func refuseAnyway(executor executing, log eventcore.Store) executing {
	return executeFunc(func(
		ctx context.Context, command eventcore.Command, options ...eventcore.ExecuteOption,
	) (eventcore.Receipt, error) {
		listener := &listening{Command: command}
		receipt, err := executor.Execute(ctx, listener, options...)
		if err == nil || !errors.Is(listener.refusal, errInsufficientFunds) || errors.Is(err, errInsufficientFunds) {
			return receipt, err
		}
		head, _ := log.Head(ctx)
		return eventcore.Receipt{Position: head}, listener.refusal
	})
}

func executeAgain(executor executing, _ eventcore.Store) executing {
	return executeFunc(func(
		ctx context.Context, command eventcore.Command, options ...eventcore.ExecuteOption,
	) (eventcore.Receipt, error) {
		receipt, err := executor.Execute(ctx, command, options...)
		if errors.Is(err, eventcore.ErrOutcomeUnknown) {
			return executor.Execute(ctx, command, options...)
		}
		return receipt, err
	})
}

var errDidNotHappen = errors.New("it is not in the log, so it did not happen")

// lookUpWithoutFence believes the log about an append that may still be on its way.
func lookUpWithoutFence(executor executing, log eventcore.Store) executing {
	return executeFunc(func(
		ctx context.Context, command eventcore.Command, options ...eventcore.ExecuteOption,
	) (eventcore.Receipt, error) {
		before, _ := log.Head(ctx)
		receipt, err := executor.Execute(ctx, command, options...)
		if !errors.Is(err, eventcore.ErrOutcomeUnknown) {
			return receipt, err
		}
		for event, readErr := range log.Read(ctx, eventcore.Query{After: before}) {
			if readErr != nil || decidedBy(&event, command) {
				return eventcore.Receipt{}, err
			}
		}
		return eventcore.Receipt{}, errDidNotHappen
	})
}

// decidedBy takes any event that the command could have decided for its own: enough to be right without late appends.
func decidedBy(event *eventcore.Event, command eventcore.Command) bool {
	return slices.ContainsFunc(command.ReadStreams(), func(stream eventcore.StreamID) bool {
		_, found := event.VersionIn(stream)
		return found
	})
}
