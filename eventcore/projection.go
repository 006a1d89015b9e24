// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Projection defines a read model: documents by key that are kept up to date from events.
type Projection struct {
	// Name is the read model's, with the rules of a StreamID. A new name starts from the first event.
	Name string
	// Filter selects the events.
	Filter Filter
	// Apply changes the documents for one event, which is decoded. It is called in the order of positions by one
	// goroutine, and again after a crash for events whose changes were not saved. An error ends the projection.
	Apply func(documents *Documents, event *Event) error
}

// Documents is the read model within Projection.Apply.
type Documents struct {
	current map[string][]byte
	// changed holds the keys written since the last save, inStore those that the database has.
	changed map[string]struct{}
	inStore map[string]struct{}
}

func newDocuments() Documents {
	return Documents{
		current: map[string][]byte{}, changed: map[string]struct{}{}, inStore: map[string]struct{}{},
	}
}

// Get decodes the document into value and reports whether there is one.
func (d *Documents) Get(key string, value any) (bool, error) {
	data, ok := d.current[key]
	if !ok {
		return false, nil
	}
	if err := json.Unmarshal(data, value); err != nil {
		return false, fmt.Errorf("decode document %s: %w", key, err)
	}
	return true, nil
}

// Put writes the document as JSON.
func (d *Documents) Put(key string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode document %s: %w", key, err)
	}
	d.current[key] = data
	d.changed[key] = struct{}{}
	return nil
}

// Delete removes the document, if there is one.
func (d *Documents) Delete(key string) {
	if _, ok := d.current[key]; !ok {
		return
	}
	delete(d.current, key)
	d.changed[key] = struct{}{}
}

// takeChanges returns what differs from the database: a document that came and went between two saves does not.
func (d *Documents) takeChanges() []Change {
	changes := make([]Change, 0, len(d.changed))
	for _, key := range slices.Sorted(maps.Keys(d.changed)) {
		value, exists := d.current[key]
		if _, stored := d.inStore[key]; !exists && !stored {
			continue
		}
		changes = append(changes, Change{Key: key, Value: value})
	}
	clear(d.changed)
	return changes
}

// saved records that the database has the changes.
func (d *Documents) saved(changes []Change) {
	for _, change := range changes {
		if change.Value == nil {
			delete(d.inStore, change.Key)
			continue
		}
		d.inStore[change.Key] = struct{}{}
	}
}

// notSaved puts changes back that the database has refused.
func (d *Documents) notSaved(changes []Change) {
	for _, change := range changes {
		d.changed[change.Key] = struct{}{}
	}
}
