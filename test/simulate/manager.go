// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"reflect"
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// simulatedManager is what SetupWithManager needs of a manager. What is not overridden is not used by the product.
type simulatedManager struct {
	manager.Manager

	process   *process
	client    writer
	runnables []manager.Runnable
	running   sync.WaitGroup
}

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	if err := commercev1.AddToScheme(scheme); err != nil {
		panic(err) // the API's own types
	}
	return scheme
}

// scheme is shared: building it takes longer than an order.
var scheme = newScheme()

func newManager(p *process) *simulatedManager {
	return &simulatedManager{process: p, client: writer{cacheReader: cacheReader{process: p}}}
}

// GetScheme implements cluster.Cluster.
func (m *simulatedManager) GetScheme() *runtime.Scheme { return scheme }

// GetClient implements cluster.Cluster.
func (m *simulatedManager) GetClient() client.Client { return m.client }

// GetAPIReader implements cluster.Cluster.
func (m *simulatedManager) GetAPIReader() client.Reader { return liveReader{process: m.process} }

// GetCache implements cluster.Cluster.
func (m *simulatedManager) GetCache() cache.Cache { return informers{cacheReader{process: m.process}} }

// GetLogger implements manager.Manager.
func (m *simulatedManager) GetLogger() logr.Logger { return logr.Discard() }

// GetControllerOptions implements manager.Manager. The names of controllers are those of every manager.
func (m *simulatedManager) GetControllerOptions() config.Controller {
	return config.Controller{SkipNameValidation: new(true), RecoverPanic: new(false)}
}

// GetEventRecorder implements recorder.Provider.
func (m *simulatedManager) GetEventRecorder(string) recorder.EventRecorder { return deafRecorder{} }

// deafRecorder forgets the Events that it is told.
type deafRecorder struct{ events.AnnotatedEventRecorder }

// Eventf implements events.EventRecorder.
func (deafRecorder) Eventf(runtime.Object, runtime.Object, string, string, string, string, ...any) {}

// WithLogger implements events.EventRecorder.
func (deafRecorder) WithLogger(logr.Logger) events.EventRecorderLogger { return nil }

// Add implements manager.Manager. A controller works on a queue from which the scheduler hands out.
func (m *simulatedManager) Add(runnable manager.Runnable) error {
	if controller, ok := runnable.(interface{ GetLogger() logr.Logger }); ok {
		fields := reflect.ValueOf(controller).Elem()
		fields.FieldByName("NewQueue").Set(reflect.ValueOf(m.newQueue))
	}
	m.runnables = append(m.runnables, runnable)
	return nil
}

func (m *simulatedManager) newQueue(
	name string, limiter workqueue.TypedRateLimiter[reconcile.Request],
) workqueue.TypedRateLimitingInterface[reconcile.Request] {
	q := newQueue(m.process, name, limiter)
	m.process.mu.Lock()
	defer m.process.mu.Unlock()
	m.process.queues = append(m.process.queues, q)
	return q
}

// start runs everything until ctx ends. A runnable that ends with an error ends the process.
func (m *simulatedManager) start(ctx context.Context) {
	for _, runnable := range m.runnables {
		m.running.Go(func() {
			if err := runnable.Start(ctx); err != nil && ctx.Err() == nil {
				m.process.fail(err)
			}
		})
	}
}
