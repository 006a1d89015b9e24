// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"
	"strings"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/calls/guard"
)

// Guarded is an object that stands for a provider, and how it is guarded. Circuit and Conditions are those of its status.
type Guarded struct {
	Object     client.Object
	Settings   guard.Settings
	Circuit    *commercev1.ProviderCircuit
	Conditions *[]metav1.Condition
}

// Circuits writes into the objects that stand for providers whether these are called. It is the only one to write that,
// and writes on changes only.
type Circuits struct {
	// Client writes statuses.
	Client client.Client
	// Guards are those of the providers.
	Guards *guard.Guards
	// Read returns a copy of the object of the name, which may be changed.
	Read func(ctx context.Context, name string) (Guarded, error)
	// Operations name the classes of calls, as statuses show them.
	Operations map[guard.Class]string
}

// SetupWithManager adds the controller of the name for the kind of objects.
func (c *Circuits) SetupWithManager(mgr ctrl.Manager, name string, kind client.Object) error {
	changes := source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		c.Guards.Watch(func(name string) { queue.Add(request("", name)) })
		context.AfterFunc(ctx, func() { c.Guards.Watch(nil) })
		return nil
	})
	return ctrl.NewControllerManagedBy(mgr).
		Named(name).
		For(kind, builder.WithPredicates(SpecChanged{})).
		WatchesRawSource(changes).
		WithOptions(Options(1)).
		Complete(c)
}

// Reconcile implements reconcile.Reconciler.
func (c *Circuits) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	guarded, err := c.Read(ctx, request.Name)
	if apierrors.IsNotFound(err) {
		c.Guards.Forget(request.Name)
		return reconcile.Result{}, nil
	}
	if err != nil {
		return reconcile.Result{}, err
	}
	circuit, condition := c.project(guarded)
	if !apimeta.SetStatusCondition(guarded.Conditions, condition) && apiequality.Semantic.DeepEqual(circuit, *guarded.Circuit) {
		return reconcile.Result{}, nil
	}
	*guarded.Circuit = circuit
	return IgnoreConflict(c.Client.Status().Update(ctx, guarded.Object))
}

// project returns what the status should show.
func (c *Circuits) project(guarded Guarded) (commercev1.ProviderCircuit, metav1.Condition) {
	circuits := c.Guards.Configure(guarded.Object.GetName(), guarded.Settings)
	worst := circuits.Worst()
	circuit := commercev1.ProviderCircuit{State: commercev1.CircuitState(worst.State), Since: guarded.Circuit.Since}
	if circuit.State != guarded.Circuit.State { // it may be so since before this process began
		circuit.Since = new(metav1.NewTime(worst.Since.UTC().Truncate(time.Second)))
	}
	var impaired []string
	for _, class := range []guard.Class{guard.Acting, guard.LookingUp, guard.Undoing} {
		state := circuits.Of(class).State
		circuit.Operations = append(circuit.Operations, commercev1.CircuitOperation{
			Name: c.Operations[class], State: commercev1.CircuitState(state),
		})
		if state != guard.Closed {
			impaired = append(impaired, c.Operations[class])
		}
	}
	return circuit, available(guarded, worst.State, strings.Join(impaired, ", "))
}

// available returns the condition Available.
func available(guarded Guarded, state guard.State, impaired string) metav1.Condition {
	condition := metav1.Condition{
		Type: commercev1.ConditionAvailable, Status: metav1.ConditionTrue, Reason: commercev1.ReasonCircuitClosed,
		Message: "Calls pass", ObservedGeneration: guarded.Object.GetGeneration(),
	}
	settings := guarded.Settings.WithDefaults()
	switch state {
	case guard.Open:
		condition.Status, condition.Reason = metav1.ConditionFalse, commercev1.ReasonCircuitOpen
		condition.Message = fmt.Sprintf("%s: %d calls in a row have failed. Orders wait, and a few try again after %s",
			impaired, settings.FailureThreshold, settings.OpenFor)
	case guard.HalfOpen:
		condition.Status, condition.Reason = metav1.ConditionFalse, commercev1.ReasonCircuitHalfOpen
		condition.Message = impaired + ": the next orders try whether calls work again"
	case guard.Closed:
	}
	return condition
}

// Settings returns how a provider is guarded, as the spec of an object says.
func Settings(
	object metav1.Object, timeoutSeconds int32,
	retry commercev1.ProviderRetry, breaker commercev1.ProviderCircuitBreaker, limits commercev1.ProviderLimits,
) guard.Settings {
	return guard.Settings{
		Revision:          fmt.Sprintf("%s/%d", object.GetUID(), object.GetGeneration()),
		Timeout:           seconds(timeoutSeconds),
		InitialBackoff:    seconds(retry.InitialBackoffMilliseconds) / 1000,
		MaxBackoff:        seconds(retry.MaxBackoffSeconds),
		FailureThreshold:  int(breaker.FailureThreshold),
		OpenFor:           seconds(breaker.OpenSeconds),
		RequestsPerSecond: int(limits.RequestsPerSecond),
		Burst:             int(limits.Burst),
		Concurrency:       int(limits.Concurrency),
	}
}

func seconds(count int32) time.Duration { return time.Duration(count) * time.Second }
