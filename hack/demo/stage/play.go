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
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/test/harness"
)

// scenePatience is how long the orders of a scene may take on a busy machine.
const scenePatience = time.Minute

// production is the play: the same scenes for whatever operator works behind the stage.
type production struct {
	root     string
	screen   *screen
	cluster  *harness.Cluster
	operator operator
	narrator *narrator
	// warehouse are the files that are applied first, scenes what is played then, relative to root.
	warehouse []string
	scenes    []scene
	// patience is how long the orders of a scene may take on a busy machine.
	patience time.Duration
}

// operator is what carries the orders out: a process of this machine, or a pod.
type operator interface {
	// guard does the work, and aborts it if the operator can't go on, which must not be its doing.
	guard(ctx context.Context, work func(ctx context.Context) error) error
	// killBetween kills the operator when the gateway has taken the order's money and the event store does not know it
	// yet, and returns once it is started again.
	killBetween(ctx context.Context, name string) error
}

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
	if t.witness, err = t.options.World.Witness(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.witness.Close()) }()
	p := &production{
		root: t.root, screen: t.screen, cluster: t.cluster, operator: t, narrator: newNarrator(t.screen),
		warehouse: warehouse, scenes: scenes, patience: scenePatience,
	}
	stop := p.narrate(ctx, t.witness.Store)
	defer stop()
	if err := p.run(ctx); err != nil {
		return err
	}
	return p.verdict(ctx, t.witness)
}

// run fills the warehouse and plays the scenes.
func (p *production) run(ctx context.Context) error {
	if err := p.stock(ctx); err != nil {
		return err
	}
	for _, s := range p.scenes {
		if err := p.scene(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// narrate shows what happens in the background, until it is stopped. Without a store, it shows what the statuses tell.
func (p *production) narrate(ctx context.Context, store eventcore.Store) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	n := p.narrator
	gone := make(chan struct{}, 2)
	follow := func(what string, work func() error) {
		if err := work(); err != nil && ctx.Err() == nil {
			p.screen.say(red, "demo: can't show any more %s: %v", what, err)
		}
		gone <- struct{}{}
	}
	go follow("events", func() error {
		if store == nil {
			n.tellStatuses()
			return nil
		}
		return n.events(ctx, store)
	})
	go follow("orders", func() error { return n.orders(ctx, p.cluster, namespace) })
	return func() {
		cancel()
		<-gone
		<-gone
	}
}

// stock applies what the orders need, and waits until the products are known.
func (p *production) stock(ctx context.Context) error {
	p.screen.title("the warehouse, a gateway and a carrier")
	p.command(p.warehouse...)
	for _, file := range p.warehouse {
		if err := p.cluster.ApplyFile(ctx, namespace, filepath.Join(p.root, file)); err != nil {
			return err
		}
	}
	return p.operator.guard(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, p.patience)
		defer cancel()
		unknown := map[string]bool{"laptop-001": true, "mouse-001": true, "keyboard-001": true}
		return p.cluster.WatchProducts(ctx, namespace, func(product *commercev1.Product, _ bool) bool {
			if apimeta.IsStatusConditionTrue(product.Status.Conditions, commercev1.ConditionReady) {
				delete(unknown, product.Name)
			}
			return len(unknown) == 0
		})
	})
}

// command shows what somebody with kubectl would do.
func (p *production) command(files ...string) {
	p.screen.say(faint, "$ kubectl apply -f %s", strings.Join(files, " -f "))
}

func (p *production) scene(ctx context.Context, s scene) error {
	ctx, cancel := context.WithTimeoutCause(ctx, p.patience, fmt.Errorf("gave up after %s", p.patience))
	defer cancel()
	p.screen.title(s.title)
	if err := p.apply(ctx, s); err != nil {
		return err
	}
	if s.kill {
		if err := p.operator.killBetween(ctx, s.orders[0].name); err != nil {
			return err
		}
	}
	return p.operator.guard(ctx, func(ctx context.Context) error { return p.ending(ctx, s) })
}

func (p *production) apply(ctx context.Context, s scene) error {
	var files []string
	for _, order := range s.orders {
		files = append(files, order.file)
		if s.again {
			if err := p.cluster.DeleteOrder(ctx, namespace, order.name); err != nil {
				return err
			}
		}
	}
	p.command(files...)
	for _, file := range files {
		if err := p.cluster.ApplyFile(ctx, namespace, filepath.Join(p.root, file)); err != nil {
			return err
		}
	}
	return nil
}

// ending waits until the scene's orders have ended, and checks how.
func (p *production) ending(ctx context.Context, s scene) error {
	names := make([]string, 0, len(s.orders))
	for _, expected := range s.orders {
		names = append(names, expected.name)
	}
	orders, err := p.cluster.WaitForOrders(ctx, namespace, names...)
	if err != nil {
		return err
	}
	var errs []error
	for _, expected := range s.orders {
		order := orders[expected.name]
		if err := p.narrator.await(ctx, order.UID); err != nil {
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
