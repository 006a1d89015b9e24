// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/anishathalye/porcupine"

	"github.com/eventcore/order-operator/eventcore"
)

// Histories are short, and many: whether one is linearizable takes long to say of a long one.
const (
	historyRounds  = 12
	historyClients = 6
	historySteps   = 10
	historyStreams = 3
)

// versionsOf is the state of the model: the version of each stream of a round.
type versionsOf [historyStreams]eventcore.Version

// operation is what a client does: an append with guards, or a read of all streams at once if it writes none.
type operation struct {
	guards versionsOf
	writes [historyStreams]bool
	read   bool
}

// result is what it was told: the versions of the streams that are named in the answer.
type result struct {
	versions versionsOf
	named    [historyStreams]bool
	refused  bool
}

// learn returns what a client knows who knew the versions before.
func (r result) learn(known versionsOf) versionsOf {
	for i, named := range r.named {
		if named {
			known[i] = r.versions[i]
		}
	}
	return known
}

// handlesAreLinearizable records what clients on all handles ask and are told, and looks for an order of all of it that
// explains every answer and puts nothing before what had ended when it began. An append guards all streams of its
// round: what is checked is not one stream after another, but all of them together.
func handlesAreLinearizable(t reporter, handles []eventcore.Store) {
	for round := range historyRounds {
		h := history{handles: handles}
		for i := range h.streams {
			h.streams[i] = eventcore.StreamID(fmt.Sprintf("round-%d-stream-%d", round, i))
		}
		h.after = head(t, handles[0])
		records := make([][]porcupine.Operation, historyClients)
		concurrently(historyClients, func(client int) {
			random := rand.New(rand.NewPCG(uint64(round), uint64(client))) //nolint:gosec // what clients do is no secret.
			records[client] = h.run(t, client, random)
		})
		var all []porcupine.Operation
		for _, record := range records {
			all = append(all, record...)
		}
		if outcome := porcupine.CheckOperationsTimeout(sequentially, all, patience); outcome != porcupine.Ok {
			t.Errorf("round %d: linearizable: %s\n%s", round, outcome, describe(all))
			return
		}
	}
}

// history is one round.
type history struct {
	handles []eventcore.Store
	streams [historyStreams]eventcore.StreamID
	after   eventcore.Position
	clock   atomic.Int64
}

// run lets a client read and then append several times with what it has read, so that some of it is stale.
func (h *history) run(t reporter, client int, random *rand.Rand) []porcupine.Operation {
	var record []porcupine.Operation
	known := versionsOf{}
	for range historySteps {
		next := operation{guards: known, read: random.IntN(3) == 0}
		next.writes[random.IntN(historyStreams)] = true
		next.writes[random.IntN(historyStreams)] = true
		call := h.clock.Add(1)
		told, err := h.do(t, h.handles[client%len(h.handles)], next)
		if err != nil {
			t.Errorf("client %d: %v", client, err)
			return record
		}
		record = append(record, porcupine.Operation{
			ClientId: client, Input: next, Call: call, Output: told, Return: h.clock.Add(1),
		})
		known = told.learn(known)
	}
	return record
}

func (h *history) do(t reporter, store eventcore.Store, next operation) (result, error) {
	if next.read {
		return h.read(t, store)
	}
	held := make([]eventcore.Guard, 0, historyStreams)
	var joined []eventcore.StreamID
	for i, stream := range h.streams {
		held = append(held, guard(stream, next.guards[i]))
		if next.writes[i] {
			joined = append(joined, stream)
		}
	}
	told := result{}
	appended, err := try(t.Context(), store, held, event(joined...))
	if conflict, ok := errors.AsType[*eventcore.ConflictError](err); ok {
		told.refused = true
		return told, h.noteConflicts(&told, next, conflict)
	}
	if err != nil {
		return told, err
	}
	h.note(&told, &appended.Events[0])
	return told, nil
}

func (h *history) read(t reporter, store eventcore.Store) (result, error) {
	told := result{named: [historyStreams]bool{true, true, true}}
	for event, err := range store.Read(t.Context(), eventcore.Query{After: h.after, Filter: streams(h.streams[:]...)}) {
		if err != nil {
			return told, err
		}
		h.note(&told, &event)
	}
	return told, nil
}

func (h *history) note(told *result, event *eventcore.Event) {
	for i, stream := range h.streams {
		if version, joined := event.VersionIn(stream); joined {
			told.versions[i], told.named[i] = version, true
		}
	}
}

func (h *history) noteConflicts(told *result, asked operation, conflict *eventcore.ConflictError) error {
	for _, c := range conflict.Conflicts {
		i := slices.Index(h.streams[:], c.Stream)
		if i < 0 || c.Expected != asked.guards[i] || c.Actual == c.Expected {
			return fmt.Errorf("a conflict %+v of an append with the guards %v", c, asked.guards)
		}
		told.versions[i], told.named[i] = c.Actual, true
	}
	return nil
}

// sequentially is what a store would do if it were asked one thing after another. A conflict that names no stream may
// be spurious; one that names streams tells their versions.
var sequentially = porcupine.Model{
	Init: func() any { return versionsOf{} },
	Step: func(state, input, output any) (bool, any) {
		now, asked, told := state.(versionsOf), input.(operation), output.(result)
		switch {
		case asked.read, told.refused:
			return told.learn(now) == now, now
		case asked.guards != now:
			return false, now
		}
		for i, written := range asked.writes {
			if written {
				now[i]++
			}
		}
		return told.learn(now) == now, now
	},
}

// describe lists a history for whoever has to find out why nothing explains it.
func describe(operations []porcupine.Operation) string {
	var text strings.Builder
	for _, o := range operations {
		fmt.Fprintf(&text, "client %d, %d to %d: %+v -> %+v\n", o.ClientId, o.Call, o.Return, o.Input, o.Output)
	}
	return text.String()
}
