// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"fmt"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// Balances is a projection: one document per account, from all events of all accounts.
func Balances() eventcore.Projection {
	return eventcore.Projection{
		Name:   "balances",
		Filter: eventcore.Filter{Prefixes: []string{"account-"}},
		Apply: func(documents *eventcore.Documents, event *eventcore.Event) error {
			for _, membership := range event.Streams {
				var account Account
				if _, err := documents.Get(string(membership.Stream), &account); err != nil {
					return err
				}
				account = account.Apply(membership.Stream, event)
				if err := documents.Put(string(membership.Stream), account); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// A projection keeps documents up to date from events, together with a checkpoint: a restart goes on from there.
func ExampleProjector() {
	ctx := context.Background()
	store := memory.New(memory.Options{})
	err := executeAll(ctx, store, bank,
		Deposit{Account: "account-anna", Amount: 100},
		Transfer{From: "account-anna", To: "account-ben", Amount: 30},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	projector, err := eventcore.NewProjector(ctx, store, bank, Balances(), eventcore.ProjectorOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := projector.CatchUp(ctx); err != nil { // Run follows for as long as the process lives
		fmt.Println(err)
		return
	}
	for key, document := range projector.Documents() {
		fmt.Println(key, string(document))
	}
	// Output:
	// account-anna {"Balance":70}
	// account-ben {"Balance":30}
}

// executeAll is what the examples have in common. A program keeps its executor for as long as it lives.
func executeAll(
	ctx context.Context, store eventcore.Store, registry *eventcore.Registry, commands ...eventcore.Command,
) error {
	executor, err := eventcore.NewExecutor(ctx, store, registry, eventcore.ExecutorOptions{})
	if err != nil {
		return err
	}
	defer executor.Close()
	for _, command := range commands {
		if _, err := executor.Execute(ctx, command); err != nil {
			return err
		}
	}
	return nil
}

// A subscription delivers what is in the log and then what is committed, without end.
func ExampleStore_subscribe() {
	ctx := context.Background()
	store := memory.New(memory.Options{})
	toAnna, toBen := Deposit{Account: "account-anna", Amount: 1}, Deposit{Account: "account-ben", Amount: 1}
	if err := executeAll(ctx, store, bank, toAnna, toBen, toAnna); err != nil {
		fmt.Println(err)
		return
	}
	filter := eventcore.Filter{Streams: []eventcore.StreamID{"account-anna"}}
	for batch, err := range store.Subscribe(ctx, 0, filter) {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, event := range batch.Events {
			fmt.Println(event.Position, event.Type)
		}
		if batch.Through == 3 { // a subscriber keeps Through, to start again after it
			break // or else it would wait for the next commit
		}
	}
	// Output:
	// 1 Deposited
	// 3 Deposited
}

type (
	// Closed is an event that says where the money of a closed account goes from now on.
	Closed struct {
		Successor eventcore.StreamID `json:"successor"`
	}

	// Redirect is a second state of the same stream: a command loads what it needs and no more.
	Redirect struct{ To eventcore.StreamID }

	Close struct{ Account, Successor eventcore.StreamID }

	// Pay deposits into the account, or into the one that it was closed in favour of.
	Pay struct {
		Account eventcore.StreamID
		Amount  int64
	}
)

func (r Redirect) Apply(_ eventcore.StreamID, event *eventcore.Event) Redirect {
	if closed, ok := event.Payload.(Closed); ok {
		r.To = closed.Successor
	}
	return r
}

func (c Close) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.Account} }

func (c Close) Handle(b *eventcore.Boundary) error {
	eventcore.Load[Redirect](b, c.Account)
	return b.Append(Closed{Successor: c.Successor}, c.Account)
}

func (c Pay) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.Account} }

func (c Pay) Handle(b *eventcore.Boundary) error {
	account := c.Account
	for range 10 {
		next := eventcore.Load[Redirect](b, account).To
		if next == "" {
			return b.Append(Deposited{Amount: c.Amount}, account)
		}
		account = next // found in the state: it joins the boundary when it is loaded
	}
	return fmt.Errorf("%s has too many successors", c.Account)
}

// A command may load streams that it finds in the state of others. All of them are its consistency boundary: if one
// changes before the commit, the command is decided again.
func ExampleLoad_discovery() {
	ctx := context.Background()
	store := memory.New(memory.Options{})
	registry := eventcore.NewRegistry(
		eventcore.Type[Deposited]("Deposited", 1), eventcore.Type[Closed]("Closed", 1))
	err := executeAll(ctx, store, registry,
		Close{Account: "account-1", Successor: "account-2"},
		Close{Account: "account-2", Successor: "account-3"},
		Pay{Account: "account-1", Amount: 5},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for event, err := range store.Read(ctx, eventcore.Query{}) {
		fmt.Println(event.Type, event.Streams, err)
	}
	// Output:
	// Closed [{account-1 1}] <nil>
	// Closed [{account-2 1}] <nil>
	// Deposited [{account-3 1}] <nil>
}
