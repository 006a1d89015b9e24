// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Reason is why nothing may be done, the label of a metric.
type Reason string

// The reasons.
const (
	// RolledBack: the store lacks events that there were.
	RolledBack Reason = "RolledBack"
	// OtherStore: the cluster's orders were carried out by another store.
	OtherStore Reason = "OtherStore"
	// OtherCluster: the store serves another cluster.
	OtherCluster Reason = "OtherCluster"
	// Unbound: no process has judged the store yet whose task that is.
	Unbound Reason = "Unbound"
)

// Reasons returns all reasons.
func Reasons() []Reason { return []Reason{RolledBack, OtherStore, OtherCluster, Unbound} }

// HeldError says why nothing may be done, and what to do about it.
type HeldError struct {
	Reason Reason
	// Why names what was found, and Remedy what helps.
	Why, Remedy string
}

// Error is a sentence for each.
func (e *HeldError) Error() string { return e.Why + ". " + e.Remedy }

// Seen is what somebody remembers of a history.
type Seen struct {
	// By names who remembers.
	By       string
	Identity eventcore.Identity
	Position eventcore.Position
}

// Options configure Take.
type Options struct {
	// Store is just opened.
	Store eventcore.Store
	// Cluster is the identity of the cluster, and Seen what its objects remember of the history. They are empty for a process that
	// relies on another one to judge.
	Cluster string
	Seen    iter.Seq2[Seen, error]
	// Suspicion is what this process has found out about the history before, nil for nothing.
	Suspicion error
	// AcceptRollback begins a new epoch where events are missing, and Adopt takes over the store of another cluster.
	AcceptRollback, Adopt bool
	// Clock tells the time. Required.
	Clock func() time.Time
}

// Take returns what has become of the store's history if the process may work on it, and a *HeldError if it may not. Any
// other error leaves that open.
func Take(ctx context.Context, options Options) (saga.History, error) {
	custodian, ok := options.Store.(eventcore.Custodian)
	if !ok {
		return saga.History{}, fmt.Errorf("custody: %T does not record whom it serves", options.Store)
	}
	t := &taker{Options: options, custodian: custodian}
	if err := t.bind(ctx); err != nil {
		return saga.History{}, err
	}
	return t.judge(ctx)
}

type taker struct {
	Options

	custodian eventcore.Custodian
}

// bind has the store serve the cluster.
func (t *taker) bind(ctx context.Context) error {
	err := t.custodian.Bind(ctx, t.Cluster)
	other, bound := errors.AsType[*eventcore.OtherClusterError](err)
	switch {
	case t.Cluster == "" && err == nil:
		return &HeldError{
			Reason: Unbound, Why: "No process has bound the store to the cluster yet",
			Remedy: "Start a manager with the service order",
		}
	case t.Cluster == "" && bound, err == nil:
		return nil
	case !bound:
		return fmt.Errorf("bind the store to the cluster: %w", err)
	case t.Adopt:
		return t.custodian.Adopt(ctx, t.Cluster)
	}
	return &HeldError{
		Reason: OtherCluster,
		Why:    fmt.Sprintf("The store serves the cluster %s, and this one is %s", other.Serves, other.Asking),
		Remedy: "Name the store of this cluster, or, if no manager of the other cluster works on it any more, start once with --adopt-store",
	}
}

// judge finds out whether anything is missing.
func (t *taker) judge(ctx context.Context) (saga.History, error) {
	history, err := Read(ctx, t.Store)
	if err != nil {
		return history, err
	}
	epoch := t.Store.Identity().Epoch
	known, latest := history.InDoubt(epoch), epoch
	suspicion := t.Suspicion
	if suspicion == nil && !known || t.AcceptRollback {
		var found error
		if found, latest, err = t.compare(ctx); err != nil {
			return history, err
		}
		suspicion = errors.Join(suspicion, found)
	}
	switch {
	case suspicion == nil && !known:
		return t.complete(ctx, history)
	case t.AcceptRollback:
		return t.accept(ctx, history, max(latest, history.Suspected.Epoch))
	case !known:
		return t.suspect(ctx, history, suspicion)
	}
	return history, rolledBack(history)
}

// suspect records what was found, so that all processes know.
func (t *taker) suspect(ctx context.Context, history saga.History, suspicion error) (saga.History, error) {
	event := saga.RollbackSuspected{Epoch: t.Store.Identity().Epoch, Reason: suspicion.Error()}
	if _, err := record(ctx, t.Store, t.Clock, event); err != nil {
		return history, err
	}
	history.Suspected = event
	return history, rolledBack(history)
}

func rolledBack(history saga.History) error {
	return &HeldError{Reason: RolledBack, Why: history.Suspected.Reason, Remedy: remedy}
}

const remedy = "Stop all managers and restore the store's latest state, or, if what is missing is lost, start one with --accept-rollback: " +
	"every payment that is open or missing is looked up at its provider before anything is charged"

// compare holds the store against all that is remembered. It returns why events must be missing, nil if they need not, and the
// latest epoch that anybody has seen. The store is asked last: another process may be at work, whose objects show what was
// recorded a moment ago.
func (t *taker) compare(ctx context.Context) (suspicion error, latest int64, err error) {
	now := t.Store.Identity()
	newest, err := t.newest(now)
	if err != nil {
		return nil, 0, err
	}
	head, err := t.Store.Head(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("read the store's head: %w", err)
	}
	if epoch := newest.Identity.Epoch; epoch > now.Epoch || epoch == now.Epoch && newest.Position > head {
		suspicion = fmt.Errorf("%w: %s has shown position %d of epoch %d, and the store ends with position %d of epoch %d",
			eventcore.ErrRolledBack, newest.By, newest.Position, epoch, head, now.Epoch)
	}
	return suspicion, max(now.Epoch, newest.Identity.Epoch), nil
}

// newest returns what reaches furthest of all that is remembered, the zero Seen for nothing.
func (t *taker) newest(now eventcore.Identity) (newest Seen, err error) {
	if t.Seen == nil {
		return Seen{}, nil
	}
	for seen, err := range t.Seen {
		if err != nil {
			return Seen{}, err
		}
		if seen.Identity.StoreID != now.StoreID {
			return Seen{}, otherStore(seen, now)
		}
		if cmp.Or(cmp.Compare(seen.Identity.Epoch, newest.Identity.Epoch), cmp.Compare(seen.Position, newest.Position)) > 0 {
			newest = seen
		}
	}
	return newest, nil
}

func otherStore(seen Seen, now eventcore.Identity) error {
	return &HeldError{
		Reason: OtherStore,
		Why:    fmt.Sprintf("%s was carried out by the store %s, and this one is %s", seen.By, seen.Identity.StoreID, now.StoreID),
		Remedy: "Name that store. If it is lost, restore its latest backup, or remove this one, which is new: the next start creates it with the lost one's identity",
	}
}

// acceptPatience is how long another process may take to begin the epoch that it has recorded. After that it is taken for dead.
const acceptPatience = 10 * time.Second

var errAccepting = errors.New("another process is beginning an epoch of the store")

// accept begins an epoch after all that anybody has seen.
func (t *taker) accept(ctx context.Context, history saga.History, seen int64) (saga.History, error) {
	identity := t.Store.Identity()
	recorded, err := record(ctx, t.Store, t.Clock, saga.RollbackAccepted{Epoch: max(seen, identity.Epoch) + 1})
	if err != nil {
		return saga.History{}, err
	}
	if !recorded && t.Clock().Sub(history.AcceptedAt) < acceptPatience {
		return saga.History{}, errAccepting
	}
	for identity.Epoch <= seen {
		if identity, err = t.custodian.AcceptRollback(ctx); err != nil {
			return saga.History{}, fmt.Errorf("begin an epoch: %w", err)
		}
	}
	return Read(ctx, t.Store)
}

// complete makes sure that it is known since when an epoch lasts that began by other means, such as a copy of the store.
func (t *taker) complete(ctx context.Context, history saga.History) (saga.History, error) {
	epoch := t.Store.Identity().Epoch
	if epoch == 1 || history.Accepted >= epoch {
		return history, nil
	}
	if _, err := record(ctx, t.Store, t.Clock, saga.RollbackAccepted{Epoch: epoch}); err != nil {
		return history, err
	}
	return Read(ctx, t.Store)
}
