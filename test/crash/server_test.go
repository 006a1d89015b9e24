// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

var scheme = func() *runtime.Scheme {
	scheme := runtime.NewScheme()
	if err := commercev1.AddToScheme(scheme); err != nil {
		panic(err)
	}
	return scheme
}()

// server is an API server in memory: the fake of controller-runtime, which knows resource versions, finalizers and
// statuses, and what that one leaves out: defaults, UIDs, generations, watches, and the rule that histories don't go back.
type server struct {
	client.WithWatch

	mu      sync.Mutex
	objects map[string]client.Object
	caches  []*objects
	// writes counts what has changed anything.
	writes int
}

func newServer() *server {
	s := &server{objects: map[string]client.Object{}}
	inner := clienttesting.NewObjectTracker(scheme, serializer.NewCodecFactory(scheme).UniversalDecoder())
	s.WithWatch = fake.NewClientBuilder().WithScheme(scheme).
		WithStatusSubresource(&commercev1.Order{}, &commercev1.Product{}, &commercev1.PaymentGateway{}, &commercev1.Carrier{}).
		WithObjectTracker(tracker{inner, s}).WithGlobalResourceVersionCounter().Build()
	return s
}

// tracker is below the fake: all writes come here, whatever their verb.
type tracker struct {
	clienttesting.ObjectTracker

	server *server
}

// Create implements clienttesting.ObjectTracker.
func (t tracker) Create(gvr schema.GroupVersionResource, object runtime.Object, namespace string, options ...metav1.CreateOptions) error {
	o := object.(client.Object) //nolint:forcetypeassert // all that is stored here
	o.SetUID(types.UID("uid-" + o.GetResourceVersion()))
	o.SetGeneration(1)
	o.SetCreationTimestamp(metav1.NewTime(time.Now().Truncate(time.Second)))
	setDefaults(o)
	if err := t.ObjectTracker.Create(gvr, object, namespace, options...); err != nil {
		return err
	}
	t.server.changed(o)
	return nil
}

// Update implements clienttesting.ObjectTracker.
func (t tracker) Update(gvr schema.GroupVersionResource, object runtime.Object, namespace string, options ...metav1.UpdateOptions) error {
	o := object.(client.Object) //nolint:forcetypeassert // all that is stored here
	before := t.server.object(keyOf(o))
	if before == nil {
		return fmt.Errorf("%s is updated, but not there", keyOf(o))
	}
	o.SetGeneration(before.GetGeneration())
	if !apiequality.Semantic.DeepEqual(specOf(before), specOf(o)) {
		o.SetGeneration(before.GetGeneration() + 1)
	}
	if err := goesBack(historyOf(before), historyOf(o)); err != nil {
		return err
	}
	if err := t.ObjectTracker.Update(gvr, object, namespace, options...); err != nil {
		return err
	}
	t.server.changed(o)
	return nil
}

// Patch implements clienttesting.ObjectTracker. The fake has merged the object already.
func (t tracker) Patch(gvr schema.GroupVersionResource, object runtime.Object, namespace string, _ ...metav1.PatchOptions) error {
	return t.Update(gvr, object, namespace)
}

// Delete implements clienttesting.ObjectTracker: the object has no finalizers left.
func (t tracker) Delete(gvr schema.GroupVersionResource, namespace, name string, options ...metav1.DeleteOptions) error {
	object, err := t.Get(gvr, namespace, name)
	if err != nil {
		return err
	}
	if err := t.ObjectTracker.Delete(gvr, namespace, name, options...); err != nil {
		return err
	}
	t.server.gone(object.(client.Object)) //nolint:forcetypeassert // all that is stored here
	return nil
}

// keyOf returns kind, namespace and name.
func keyOf(object client.Object) string { return key(object, client.ObjectKeyFromObject(object)) }

func key(object runtime.Object, name client.ObjectKey) string {
	return fmt.Sprintf("%T %s", object, name)
}

func (s *server) object(key string) client.Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[key]
}

func (s *server) changed(object client.Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := object.DeepCopyObject().(client.Object) //nolint:forcetypeassert // of the same type
	before := s.objects[keyOf(object)]
	s.objects[keyOf(object)] = copied
	s.tell(change{before: before, after: copied})
}

func (s *server) gone(object client.Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.objects[keyOf(object)]
	delete(s.objects, keyOf(object))
	s.tell(change{before: before})
}

// tell has all caches know. s.mu is held.
func (s *server) tell(c change) {
	s.writes++
	for _, cache := range s.caches {
		cache.changes <- c
	}
}

// written returns how many writes there were.
func (s *server) written() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// watch has the cache know all that there is, and told of what changes.
func (s *server) watch(c *objects) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.known = maps.Clone(s.objects)
	s.caches = append(s.caches, c)
}

func (s *server) unwatch(c *objects) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.caches = slices.DeleteFunc(s.caches, func(other *objects) bool { return other == c })
}

func setDefaults(object client.Object) {
	order, ok := object.(*commercev1.Order)
	if !ok {
		return
	}
	order.Spec.Attempt = max(order.Spec.Attempt, 1)
	if order.Spec.Payment.CaptureMode == "" {
		order.Spec.Payment.CaptureMode = commercev1.CaptureImmediate
	}
}

func specOf(object client.Object) any {
	switch object := object.(type) {
	case *commercev1.Order:
		return object.Spec
	case *commercev1.Product:
		return object.Spec
	case *commercev1.PaymentGateway:
		return object.Spec
	case *commercev1.Carrier:
		return object.Spec
	}
	return nil
}

func historyOf(object client.Object) commercev1.History {
	switch object := object.(type) {
	case *commercev1.Order:
		return object.Status.History
	case *commercev1.Product:
		return object.Status.History
	}
	return commercev1.History{}
}

// goesBack is the rule of the CustomResourceDefinitions: a history never goes back, nor away.
func goesBack(before, after commercev1.History) error {
	switch {
	case before.StoreID == "", after.StoreID != "" && after.StoreID != before.StoreID, after.Epoch > before.Epoch:
		return nil
	case after.StoreID == "":
		return errors.New("history can't be removed once it is set")
	case after.Epoch < before.Epoch, after.Position < before.Position:
		return errors.New("history must not go back from position " + strconv.FormatInt(before.Position, 10))
	}
	return nil
}
