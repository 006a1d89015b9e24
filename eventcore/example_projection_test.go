// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// A projection may set an event aside that it cannot apply, and take it again when it has been mended.
func ExampleProjection_park() {
	ctx := context.Background()
	store := memory.New(memory.Options{})
	err := executeAll(ctx, store, bank,
		Deposit{Account: "account-anna", Amount: 100}, Deposit{Account: "account-anna", Amount: 13})
	if err != nil {
		fmt.Println(err)
		return
	}
	superstitious := true
	balances := Balances()
	apply := balances.Apply
	balances.Apply = func(documents *eventcore.Documents, event *eventcore.Event) error {
		if superstitious && event.Payload == (Deposited{Amount: 13}) {
			return errors.New("13 is an unlucky number")
		}
		return apply(documents, event)
	}
	balances.Attempts = 2
	balances.OnError = eventcore.Park
	balances.OnUnknown = eventcore.Park

	projector, err := eventcore.NewProjector(ctx, store, bank, balances, eventcore.ProjectorOptions{
		Failed: func(_ *eventcore.Event, attempt int, again bool, err error) {
			fmt.Printf("attempt %d, again: %t: %v\n", attempt, again, err)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	show := func() {
		parked, err := projector.Parked()
		for _, document := range projector.Documents() {
			fmt.Println(string(document), "parked:", len(parked), err)
		}
	}
	err = projector.CatchUp(ctx)
	fmt.Println("catch up:", err)
	show()

	superstitious = false
	err = projector.RetryParked(ctx)
	fmt.Println("retry:", err)
	show()
	// Output:
	// attempt 1, again: true: apply event 2 (Deposited): 13 is an unlucky number
	// attempt 2, again: false: apply event 2 (Deposited): 13 is an unlucky number
	// catch up: <nil>
	// {"Balance":100} parked: 1 <nil>
	// retry: <nil>
	// {"Balance":113} parked: 0 <nil>
}

// Whoever has written waits for the projection to have got there. Lag says how far it is from there.
func ExampleProjector_WaitFor() {
	ctx, stop := context.WithCancel(context.Background())
	store := memory.New(memory.Options{})
	if err := readYourWrites(ctx, stop, store); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 2 positions and 0s behind: {Balance:0}
	// 0 positions and 0s behind: {Balance:70}
}

func readYourWrites(ctx context.Context, stop func(), store eventcore.Store) error {
	noon := func() time.Time { return time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC) }
	executor, err := eventcore.NewExecutor(ctx, store, bank, eventcore.ExecutorOptions{Clock: noon})
	if err != nil {
		return err
	}
	defer executor.Close()
	projector, err := eventcore.NewProjector(ctx, store, bank, Balances(), eventcore.ProjectorOptions{Clock: noon})
	if err != nil {
		return err
	}
	if _, err := executor.Execute(ctx, Deposit{Account: "account-anna", Amount: 100}); err != nil {
		return err
	}
	receipt, err := executor.Execute(ctx, Withdraw{Account: "account-anna", Amount: 30})
	if err != nil {
		return err
	}
	show := func() error {
		positions, age, err := projector.Lag(ctx)
		if err != nil {
			return err
		}
		var anna Account
		if _, err := projector.Get("account-anna", &anna); err != nil {
			return err
		}
		fmt.Printf("%d positions and %v behind: %+v\n", positions, age, anna)
		return nil
	}
	if err := show(); err != nil {
		return err
	}

	ended := make(chan error)
	go func() { ended <- projector.Run(ctx) }() // for as long as the process lives
	if err := projector.WaitFor(ctx, receipt.Position); err != nil {
		return err
	}
	if err := show(); err != nil {
		return err
	}
	stop() // Run saves what is left, and returns nil
	return <-ended
}
