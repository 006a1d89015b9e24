// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// server is the API server: what is stored, and what watchers are told. Only the scheduler's goroutine changes it.
type server struct {
	tables  map[kind]*table
	version int64
	uids    int64
	// writes counts the accepted ones.
	writes int
}

// table holds the objects of a kind. They are never changed, only replaced.
type table struct {
	objects map[types.NamespacedName]client.Object
	// changes are all that watchers were told, in their order.
	changes []change
}

// change is an event of a watch.
type change struct {
	deleted bool
	object  client.Object
}

func newServer() *server {
	s := &server{tables: map[kind]*table{}}
	for k := range kinds {
		s.tables[k] = &table{objects: map[types.NamespacedName]client.Object{}}
	}
	return s
}

func nameOf(object client.Object) types.NamespacedName { return client.ObjectKeyFromObject(object) }

func (s *server) get(k kind, name types.NamespacedName) (client.Object, error) {
	stored := s.tables[k].objects[name]
	if stored == nil {
		return nil, apierrors.NewNotFound(k.resource(), name.Name)
	}
	return stored, nil
}

// create stores a new object, with the defaults of its schema.
func (s *server) create(object client.Object) error {
	k := kindOf(object)
	if s.tables[k].objects[nameOf(object)] != nil {
		return apierrors.NewAlreadyExists(k.resource(), object.GetName())
	}
	s.uids++
	created := copyOf(object)
	setDefaults(created)
	created.SetUID(types.UID(fmt.Sprintf("uid-%d", s.uids)))
	created.SetGeneration(1)
	created.SetCreationTimestamp(metav1.NewTime(time.Now().UTC().Truncate(time.Second)))
	s.store(k, roundTrip(created))
	return nil
}

// update changes all but the status.
func (s *server) update(object client.Object) (client.Object, error) {
	stored, err := s.current(object)
	if err != nil {
		return nil, err
	}
	updated := copyOf(object)
	kinds[kindOf(object)].setStatus(updated, stored)
	updated.SetUID(stored.GetUID())
	updated.SetCreationTimestamp(stored.GetCreationTimestamp())
	updated.SetDeletionTimestamp(stored.GetDeletionTimestamp())
	updated.SetGeneration(stored.GetGeneration())
	if !kinds[kindOf(object)].sameSpec(stored, updated) {
		updated.SetGeneration(stored.GetGeneration() + 1)
	}
	return s.change(stored, updated)
}

// updateStatus changes nothing but the status.
func (s *server) updateStatus(object client.Object) (client.Object, error) {
	stored, err := s.current(object)
	if err != nil {
		return nil, err
	}
	updated := copyOf(stored)
	kinds[kindOf(object)].setStatus(updated, object)
	return s.change(stored, updated)
}

// change stores the object if it is another one than before and allowed, and returns what is stored.
func (s *server) change(stored, updated client.Object) (client.Object, error) {
	updated = roundTrip(updated)
	k := kindOf(updated)
	if message := forbidden(stored, updated); message != "" {
		return nil, apierrors.NewInvalid(schema.GroupKind{Group: commercev1.GroupVersion.Group, Kind: string(k)}, updated.GetName(), nil)
	}
	if apiequality.Semantic.DeepEqual(stored, updated) {
		return stored, nil
	}
	if updated.GetDeletionTimestamp() != nil && len(updated.GetFinalizers()) == 0 {
		s.remove(k, updated)
		return updated, nil
	}
	s.store(k, updated)
	return updated, nil
}

// delete removes an object, or marks it if it has finalizers.
func (s *server) delete(k kind, name types.NamespacedName, preconditions *metav1.Preconditions) error {
	stored, err := s.get(k, name)
	if err != nil {
		return err
	}
	if p := preconditions; p != nil && (p.UID != nil && *p.UID != stored.GetUID() ||
		p.ResourceVersion != nil && *p.ResourceVersion != stored.GetResourceVersion()) {
		return apierrors.NewConflict(k.resource(), name.Name, errors.New("the preconditions do not hold"))
	}
	if len(stored.GetFinalizers()) > 0 {
		marked := copyOf(stored)
		marked.SetDeletionTimestamp(new(metav1.NewTime(time.Now().UTC().Truncate(time.Second))))
		s.store(k, marked)
		return nil
	}
	s.remove(k, copyOf(stored))
	return nil
}

// current returns what is stored of an object that somebody wants to replace.
func (s *server) current(object client.Object) (client.Object, error) {
	k := kindOf(object)
	stored, err := s.get(k, nameOf(object))
	switch {
	case err != nil:
		return nil, err
	case object.GetUID() != "" && object.GetUID() != stored.GetUID(),
		object.GetResourceVersion() != "" && object.GetResourceVersion() != stored.GetResourceVersion():
		return nil, apierrors.NewConflict(k.resource(), object.GetName(), errors.New("the object has been modified"))
	}
	return stored, nil
}

func (s *server) store(k kind, object client.Object) {
	s.stamp(object)
	s.tables[k].objects[nameOf(object)] = object
	s.tables[k].changes = append(s.tables[k].changes, change{object: object})
}

func (s *server) remove(k kind, object client.Object) {
	s.stamp(object)
	delete(s.tables[k].objects, nameOf(object))
	s.tables[k].changes = append(s.tables[k].changes, change{deleted: true, object: object})
}

func (s *server) stamp(object client.Object) {
	s.version++
	s.writes++
	object.SetResourceVersion(strconv.FormatInt(s.version, 10))
}

// snapshot returns the objects as they were after so many changes.
func (t *table) snapshot(changes int) map[types.NamespacedName]client.Object {
	objects := map[types.NamespacedName]client.Object{}
	for _, c := range t.changes[:changes] {
		if c.deleted {
			delete(objects, nameOf(c.object))
		} else {
			objects[nameOf(c.object)] = c.object
		}
	}
	return objects
}

// names are those of the objects, in a fixed order.
func names(objects map[types.NamespacedName]client.Object) []types.NamespacedName {
	return slices.SortedFunc(maps.Keys(objects), func(a, b types.NamespacedName) int {
		return compareRequests(requestOf(a), requestOf(b))
	})
}

// roundTrip is the object as it is read back: times lose their fractions.
func roundTrip(object client.Object) client.Object {
	data, err := json.Marshal(object)
	read := kinds[kindOf(object)].zero()
	if err == nil {
		err = json.Unmarshal(data, read)
	}
	if err != nil {
		panic(fmt.Sprintf("simulate: %T can't be stored: %v", object, err))
	}
	return read
}

func copyOf(object client.Object) client.Object {
	return object.DeepCopyObject().(client.Object) //nolint:forcetypeassert // it was one
}
