// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

var errStoreDown = errors.New("simulated: the event store does not answer")

// processStore is the event store as a process reaches it. storetest.Faults decides what becomes of an append, and the
// scheduler when.
type processStore struct {
	*storetest.Faults

	process *process
}

var (
	_ eventcore.Store    = processStore{}
	_ eventcore.Resolver = processStore{}
	_ eventcore.Follower = processStore{}
)

// Append implements eventcore.Store.
func (s processStore) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	var result struct {
		appended eventcore.Appended
		err      error
	}
	w := s.process.world
	s.process.busy.Store(&appending{head: request.Head})
	defer s.process.busy.Store(nil)
	err := w.ask(ctx, s.process, newAppend(s.process.name, request, func() time.Duration {
		result.appended, result.err = s.land(context.WithoutCancel(ctx), request)
		w.remark(result.err)
		if busy := s.process.busy.Load(); busy != nil {
			busy.landed = true
		}
		return w.storeDelay()
	}))
	if err == nil && len(result.appended.Events) > 0 {
		s.process.hears(result.appended.Events[len(result.appended.Events)-1].Position)
	}
	if err != nil { // it may have landed, or may still
		return eventcore.Appended{}, errors.Join(err, eventcore.ErrOutcomeUnknown)
	}
	return result.appended, result.err
}

// land is what happens when the append reaches the store. What a dead process has sent may still arrive.
func (s processStore) land(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	if err := s.up(); err != nil {
		return eventcore.Appended{}, err
	}
	if s.process.isDead() {
		return s.process.world.store.Append(ctx, request)
	}
	appended, err := s.Faults.Append(ctx, request)
	select {
	case <-s.Crashed():
		s.process.crash()
	default:
	}
	return appended, err
}

func newAppend(process string, appended eventcore.AppendRequest, arrive func() time.Duration) *request {
	label := strings.Builder{}
	label.WriteString(process + " appends")
	for i := range appended.Events {
		label.WriteString(" " + appended.Events[i].Type)
	}
	if len(appended.Events) > 0 {
		streams := appended.Events[0].Streams
		label.WriteString(" to " + string(streams[len(streams)-1].Stream) + " " + string(streams[0].Stream))
	}
	return &request{label: label.String(), arrive: arrive}
}

func (w *World) storeDelay() time.Duration {
	if w.chance(w.faults.storeSlow) {
		return w.between(time.Millisecond, 3*time.Second)
	}
	return 0
}

// up returns errStoreDown during an outage.
func (s processStore) up() error {
	if s.process.world.storeDown {
		return errStoreDown
	}
	return nil
}

// Head implements eventcore.Store. Every engine asks for it before it decides. That each of them waits for the scheduler
// here makes it one decision at a time, and the batches of the executor the same in every run; for the same reason
// they wait here for what they would wait for in the executor anyway, and then all go on at once.
func (s processStore) Head(ctx context.Context) (eventcore.Position, error) {
	if err := s.look(ctx, "asks for the head", s.process.upToDate); err != nil {
		return 0, err
	}
	return s.Faults.Head(ctx)
}

// Followed implements eventcore.Follower: it knows what this process was told, and nothing of what others have done since.
func (s processStore) Followed() eventcore.Position { return eventcore.Position(s.process.told.Load()) }

// hears notes how far the process knows the events.
func (p *process) hears(position eventcore.Position) {
	for before := p.told.Load(); before < uint64(position); before = p.told.Load() {
		if p.told.CompareAndSwap(before, uint64(position)) {
			return
		}
	}
}

// appending is what a process's executor is at: an append on a head, or, if it is reading what others have written, none.
type appending struct {
	head   eventcore.Position
	landed bool
}

// upToDate reports whether the executor knows all events, or is not about to.
func (p *process) upToDate() bool {
	busy := p.busy.Load()
	if busy == nil {
		return true
	}
	head, err := p.world.store.Head(context.Background())
	return err == nil && !busy.landed && busy.head == head
}

// Resolve implements eventcore.Resolver.
func (s processStore) Resolve(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, bool, error) {
	if err := s.cross(ctx, "resolves"); err != nil {
		return eventcore.Appended{}, false, err
	}
	return s.Faults.Resolve(ctx, request)
}

// Read implements eventcore.Store.
func (s processStore) Read(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
	return func(yield func(eventcore.Event, error) bool) {
		what := "reads"
		if streams := query.Filter.Streams; len(streams) > 0 {
			what += " " + string(streams[0])
		} else if len(query.Filter.Prefixes) == 0 {
			s.process.busy.Store(&appending{landed: true})
			defer s.process.busy.Store(nil)
		}
		if err := s.cross(ctx, what); err != nil {
			yield(eventcore.Event{}, err)
			return
		}
		s.Faults.Read(ctx, query)(yield)
	}
}

// cross waits until the scheduler lets a look at the store pass.
func (s processStore) cross(ctx context.Context, what string) error { return s.look(ctx, what, nil) }

// look is cross once the condition holds.
func (s processStore) look(ctx context.Context, what string, ready func() bool) error {
	var down error
	err := s.process.world.ask(ctx, s.process, &request{
		label: s.process.name + " " + what, read: true, ready: ready,
		arrive: func() time.Duration {
			down = s.up()
			return s.process.world.storeDelay()
		},
	})
	return errors.Join(err, down)
}

// Subscribe implements eventcore.Store. Each delivery comes when the scheduler lets it, and an outage ends it.
func (s processStore) Subscribe(
	ctx context.Context, after eventcore.Position, filter eventcore.Filter,
) iter.Seq2[eventcore.Batch, error] {
	return func(yield func(eventcore.Batch, error) bool) {
		for batch, err := range s.Faults.Subscribe(ctx, after, filter) {
			if err == nil {
				err = s.cross(ctx, "is told of events")
			}
			if err == nil {
				s.process.hears(batch.Through)
			}
			if !yield(batch, err) || err != nil {
				return
			}
		}
	}
}

// ReadModel implements eventcore.Store.
func (s processStore) ReadModel(name string) (eventcore.ReadModel, error) {
	model, err := s.Faults.ReadModel(name)
	return processModel{ReadModel: model, store: s, name: name}, err
}

// processModel is a read model as a process reaches it.
type processModel struct {
	eventcore.ReadModel

	store processStore
	name  string
}

// Update implements eventcore.ReadModel.
func (m processModel) Update(ctx context.Context, from, to eventcore.Position, changes []eventcore.Change) error {
	var result error
	err := m.store.process.world.ask(ctx, m.store.process, &request{
		label: m.store.process.name + " saves " + m.name,
		arrive: func() time.Duration {
			if result = m.store.up(); result == nil {
				result = m.ReadModel.Update(context.WithoutCancel(ctx), from, to, changes)
			}
			return 0
		},
	})
	return errors.Join(err, result)
}

// storeFaults are those of one process.
func (w *World) storeFaults() storetest.FaultOptions {
	if w.calm {
		return storetest.FaultOptions{Seed: w.random.Uint64()}
	}
	f := w.faults
	return storetest.FaultOptions{
		Seed: w.random.Uint64(), Landing: 0.3, Checkpoints: f.checkpoint,
		Chances: map[storetest.Fault]float64{
			storetest.SpuriousConflict: f.storeConflict, storetest.Failure: f.storeFailure,
			storetest.LostReply: f.storeLostReply, storetest.LateAppend: f.storeLate,
			storetest.CrashBefore: f.storeCrash, storetest.CrashAfter: f.storeCrash,
		},
	}
}
