// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/test/harness"
)

// scenePatience is how long the orders of a scene may take on a busy machine.
const scenePatience = time.Minute

// play plays all scenes, and returns nil if everything ended as it should.
func (t *theatre) play(ctx context.Context) (err error) {
	begin := time.Now()
	defer func() {
		err = errors.Join(err, t.close())
		if err == nil {
			t.screen.say(green, "\ndemo: all orders ended as they should, and money and stock add up (%s)",
				time.Since(begin).Round(100*time.Millisecond))
		}
	}()
	if err := t.open(ctx); err != nil {
		return err
	}
	witness, err := t.options.World.Witness(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, witness.Close()) }()
	stop, narrator := t.narrate(ctx, witness)
	defer stop()
	if err := t.stock(ctx); err != nil {
		return err
	}
	for _, s := range scenes {
		if err := t.scene(ctx, s, witness, narrator); err != nil {
			return err
		}
	}
	return t.verdict(ctx, witness)
}

// narrate shows what happens in the background, until it is stopped.
func (t *theatre) narrate(ctx context.Context, witness *harness.Witness) (stop func(), n *narrator) {
	ctx, cancel := context.WithCancel(ctx)
	n = newNarrator(t.screen)
	gone := make(chan struct{}, 2)
	follow := func(what string, work func() error) {
		if err := work(); err != nil && ctx.Err() == nil {
			t.screen.say(red, "demo: can't show any more %s: %v", what, err)
		}
		gone <- struct{}{}
	}
	go follow("events", func() error { return n.events(ctx, witness.Store) })
	go follow("orders", func() error { return n.orders(ctx, t.cluster, namespace) })
	return func() {
		cancel()
		<-gone
		<-gone
	}, n
}

// stock applies what the orders need, and waits until the products are known.
func (t *theatre) stock(ctx context.Context) error {
	t.screen.title("the warehouse, a gateway and a carrier")
	t.command(warehouse...)
	for _, file := range warehouse {
		if err := t.cluster.ApplyFile(ctx, namespace, filepath.Join(t.root, file)); err != nil {
			return err
		}
	}
	return t.guard(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, scenePatience)
		defer cancel()
		unknown := map[string]bool{"laptop-001": true, "mouse-001": true, "keyboard-001": true}
		return t.cluster.WatchProducts(ctx, namespace, func(product *commercev1.Product, _ bool) bool {
			if apimeta.IsStatusConditionTrue(product.Status.Conditions, commercev1.ConditionReady) {
				delete(unknown, product.Name)
			}
			return len(unknown) == 0
		})
	})
}

// command shows what somebody with kubectl would do.
func (t *theatre) command(files ...string) {
	t.screen.say(faint, "$ kubectl apply -f %s", strings.Join(files, " -f "))
}

func (t *theatre) scene(ctx context.Context, s scene, witness *harness.Witness, n *narrator) error {
	ctx, cancel := context.WithTimeoutCause(ctx, scenePatience, fmt.Errorf("gave up after %s", scenePatience))
	defer cancel()
	t.screen.title(s.title)
	if err := t.apply(ctx, s); err != nil {
		return err
	}
	if s.kill {
		if err := t.killBetween(ctx, s.orders[0].name, witness); err != nil {
			return err
		}
	}
	return t.guard(ctx, func(ctx context.Context) error { return t.ending(ctx, s, n) })
}

func (t *theatre) apply(ctx context.Context, s scene) error {
	var files []string
	for _, order := range s.orders {
		files = append(files, order.file)
		if s.again {
			if err := t.cluster.DeleteOrder(ctx, namespace, order.name); err != nil {
				return err
			}
		}
	}
	t.command(files...)
	for _, file := range files {
		if err := t.cluster.ApplyFile(ctx, namespace, filepath.Join(t.root, file)); err != nil {
			return err
		}
	}
	return nil
}

// ending waits until the scene's orders have ended, and checks how.
func (t *theatre) ending(ctx context.Context, s scene, n *narrator) error {
	names := make([]string, 0, len(s.orders))
	for _, expected := range s.orders {
		names = append(names, expected.name)
	}
	orders, err := t.cluster.WaitForOrders(ctx, namespace, names...)
	if err != nil {
		return err
	}
	var errs []error
	for _, expected := range s.orders {
		order := orders[expected.name]
		if err := n.await(ctx, order.UID); err != nil {
			return err
		}
		errs = append(errs, expected.check(order))
	}
	return errors.Join(errs...)
}

// check returns what is not as expected.
func (e expectation) check(order *commercev1.Order) error {
	var wrong []string
	want := func(what, want, got string) {
		if want != got {
			wrong = append(wrong, fmt.Sprintf("%s is %q instead of %q", what, got, want))
		}
	}
	status := &order.Status
	want("outcome", string(e.outcome), string(status.Outcome))
	want("reason", e.reason, harness.Reason(order))
	want("charged", e.charged, status.Charged)
	want("refunded", e.refunded, status.Refunded)
	if says := harness.Describe(order); !strings.Contains(says, e.says) {
		wrong = append(wrong, fmt.Sprintf("it says %q without %q", says, e.says))
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("order %s did not end as it should: %s", e.name, strings.Join(wrong, ", "))
}
