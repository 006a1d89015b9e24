// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operatorbench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// NullArgument is the one argument of a process that is to call RunNull.
const NullArgument = "null-operator"

// nullTask is what the null operator is told on its standard input.
type nullTask struct {
	Kubeconfig string                 `json:"kubeconfig"`
	Status     commercev1.OrderStatus `json:"status"`
}

// null is an operator that does nothing but write one status for each order, of the same size as ours.
type null struct{ status *commercev1.OrderStatus }

// start implements contender.
func (n null) start(ctx context.Context, p *plant) (operator, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(context.WithoutCancel(ctx), program, NullArgument) //nolint:gosec // this program itself
	command.Stderr = os.Stderr
	input, inputErr := command.StdinPipe()
	output, outputErr := command.StdoutPipe()
	if err := errors.Join(inputErr, outputErr); err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	running := &runningNull{command: command, input: input}
	ready := false
	task := nullTask{Kubeconfig: p.kubeconfig, Status: *n.status}
	if err := errors.Join(json.NewEncoder(input).Encode(task), json.NewDecoder(output).Decode(&ready)); err != nil {
		return nil, fmt.Errorf("the null operator is not ready: %w", errors.Join(err, running.stop(ctx)))
	}
	return running, nil
}

// runningNull is a process of the null operator, which ends when its input does.
type runningNull struct {
	command *exec.Cmd
	input   io.Closer
}

func (r *runningNull) pid() int { return r.command.Process.Pid }

func (r *runningNull) stored() (usage, error) { return usage{}, nil }

func (r *runningNull) stop(context.Context) error {
	return errors.Join(r.input.Close(), r.command.Wait())
}

// RunNull is the null operator. It does what it is told on the input until that ends, and says on the output when it
// watches.
func RunNull(ctx context.Context, input io.Reader, output io.Writer) error {
	ctrl.SetLogger(logr.Discard())
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	decoder, task := json.NewDecoder(input), nullTask{}
	if err := decoder.Decode(&task); err != nil {
		return err
	}
	mgr, err := newNullManager(task)
	if err != nil {
		return err
	}
	go func() {
		defer cancel()
		if mgr.GetCache().WaitForCacheSync(ctx) {
			_ = json.NewEncoder(output).Encode(true) // if nobody reads it, the input has ended
		}
		_, _ = io.Copy(io.Discard, input)
	}()
	return mgr.Start(ctx)
}

// workers is how many orders are reconciled at once: as many as in ours.
const workers = 32

func newNullManager(task nullTask) (ctrl.Manager, error) {
	config, err := clientcmd.BuildConfigFromFlags("", task.Kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	config.DisableCompression = true // as ours
	scheme := runtime.NewScheme()
	if err := commercev1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme, Metrics: server.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
		Cache: cache.Options{DefaultTransform: cache.TransformStripManagedFields()},
	})
	if err != nil {
		return nil, err
	}
	err = ctrl.NewControllerManagedBy(mgr).
		For(&commercev1.Order{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
		Complete(&nullReconciler{client: mgr.GetClient(), status: task.Status})
	return mgr, err
}

type nullReconciler struct {
	client   client.Client
	status   commercev1.OrderStatus
	position atomic.Int64
}

// Reconcile implements reconcile.Reconciler.
func (r *nullReconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var cached commercev1.Order
	if err := r.client.Get(ctx, request.NamespacedName, &cached); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if cached.Status.Outcome != "" {
		return reconcile.Result{}, nil
	}
	order := cached.DeepCopy()
	order.Status = *r.status.DeepCopy()
	order.Status.ObservedGeneration = order.Generation
	order.Status.History.Position += r.position.Add(1)
	return reconcile.Result{}, client.IgnoreNotFound(r.client.Status().Update(ctx, order))
}
