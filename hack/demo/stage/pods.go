// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/test/harness"
	"github.com/eventcore/order-operator/test/provider"
)

const (
	// inPods plays in a cluster that kind has made, where hack/kind/demo.sh has installed everything.
	inPods = "pods"
	// podPatience is how long the orders of a scene may take there.
	podPatience = 3 * time.Minute
)

// podWarehouse is the warehouse where orders are paid and shipped by a provider in a pod.
var podWarehouse = []string{
	filepath.Join("hack", "kind", "gateway-and-carrier.yaml"), filepath.Join(samples, "products.yaml"),
}

// pod is an operator that runs in the cluster.
type pod struct {
	screen   *screen
	cluster  *harness.Kind
	provider provider.Admin
	// restarts is how often it should have been started again.
	restarts int32
	killedAt time.Time
}

// playInPods plays all scenes in the cluster, and returns nil if everything ended as it should.
func playInPods(ctx context.Context, root, name string) (err error) {
	begin := time.Now()
	cluster, err := harness.ConnectKind(name, harness.ClusterOptions{Root: root, FieldManager: "demo"})
	if err != nil {
		return err
	}
	admin, err := cluster.Provider()
	if err != nil {
		return err
	}
	o := &pod{screen: newScreen(os.Stdout), cluster: cluster, provider: admin}
	p := &production{
		root: root, screen: o.screen, cluster: cluster.Cluster, operator: o, narrator: newNarrator(o.screen),
		warehouse: podWarehouse, scenes: scenes, patience: podPatience,
	}
	stop := p.narrate(ctx, nil)
	defer stop()
	if err := p.run(ctx); err != nil {
		return err
	}
	if err := o.verdict(ctx, p); err != nil {
		return err
	}
	o.screen.say(green, "\ndemo: all orders ended as they should, and money and stock add up (%s)", time.Since(begin).Round(100*time.Millisecond))
	return nil
}

// verdict is the production's, on a copy of the event store and the provider's ledger.
func (o *pod) verdict(ctx context.Context, p *production) (err error) {
	folder, err := os.MkdirTemp("", "demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	witness, err := o.cluster.Witness(ctx, folder, o.provider)
	if err != nil {
		return fmt.Errorf("copy the event store: %w", err)
	}
	defer func() { err = errors.Join(err, witness.Close()) }()
	return errors.Join(p.verdict(ctx, witness), o.killedInTime(ctx, witness))
}

// guard implements operator: the pod must not have been started again for reasons of its own.
func (o *pod) guard(ctx context.Context, work func(ctx context.Context) error) error {
	if err := work(ctx); err != nil {
		return err
	}
	found, err := o.cluster.Pod(ctx, harness.OperatorNamespace, harness.OperatorPod)
	if err != nil {
		return err
	}
	if restarts := harness.Restarts(found); restarts != o.restarts {
		return fmt.Errorf("the operator was started again %d times instead of %d: see kubectl --namespace %s logs --previous %s",
			restarts, o.restarts, harness.OperatorNamespace, harness.OperatorPod)
	}
	return nil
}

// killBetween implements operator: it kills the container, and the kubelet starts another one.
func (o *pod) killBetween(ctx context.Context, name string) error {
	charge, err := o.charge(ctx, saga.OrderID{Namespace: namespace, Name: name})
	if err != nil {
		return fmt.Errorf("wait for the charge of order %s: %w", name, err)
	}
	o.killedAt = time.Now()
	if err := o.cluster.Kill(ctx, harness.OperatorNamespace, harness.OperatorPod); err != nil {
		return err
	}
	o.restarts++
	o.screen.change(charge.RecordedAt, "the provider's ledger", plain, "charged "+money(charge.Amount)+" for "+name)
	o.screen.change(o.killedAt, "the operator", red, "SIGKILL for the container of pod "+harness.OperatorPod)
	_, err = o.cluster.WaitForPod(ctx, harness.OperatorNamespace, harness.OperatorPod, func(found *corev1.Pod) bool {
		return harness.Restarts(found) == o.restarts && harness.Ready(found)
	})
	if err != nil {
		return err
	}
	o.screen.change(time.Now(), "the operator", plain, "was started again by the kubelet, and finds a call of which nobody knows the outcome")
	return nil
}

// charge waits until the provider has taken the order's money.
func (o *pod) charge(ctx context.Context, id saga.OrderID) (ledger.Entry, error) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		for entry, err := range o.provider.Entries(ctx) {
			if err != nil {
				return entry, err
			}
			if entry.Kind == ledger.Charge && entry.State == ledger.Done && strings.Contains(entry.Correlation, "/"+id.String()+"/") {
				return entry, nil
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ledger.Entry{}, context.Cause(ctx)
		}
	}
}

// killedInTime checks that the operator was killed before it had written down what the gateway did.
func (o *pod) killedInTime(ctx context.Context, witness *harness.Witness) error {
	events, err := witness.Events(ctx, saga.OrderID{Namespace: namespace, Name: shownHistory})
	if err != nil {
		return err
	}
	for i := range events {
		if _, paid := events[i].Payload.(saga.PaymentProcessed); paid && events[i].RecordedAt.Before(o.killedAt) {
			return fmt.Errorf("the operator was killed too late: order %s had recorded its payment already", shownHistory)
		}
	}
	return nil
}
