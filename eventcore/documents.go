// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// reservedPrefix begins the keys of what a Projector itself keeps in the read model.
const reservedPrefix = "$eventcore/"

// Documents is the read model within Projection.Apply. Keys that start with $eventcore/ are reserved.
type Documents struct {
	current map[string][]byte
	// changed holds the keys written since the last save, inStore those that the database has.
	changed map[string]struct{}
	inStore map[string]struct{}
	// undo is what the event under way has changed.
	undo []undoStep
}

// undoStep is a document as it was before.
type undoStep struct {
	key              string
	value            []byte
	existed, changed bool
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
	if strings.HasPrefix(key, reservedPrefix) {
		return fmt.Errorf("document %s: keys that start with %s are reserved", key, reservedPrefix)
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode document %s: %w", key, err)
	}
	d.put(key, data)
	return nil
}

// Delete removes the document, if there is one.
func (d *Documents) Delete(key string) {
	if _, ok := d.current[key]; !ok {
		return
	}
	d.remember(key)
	delete(d.current, key)
	d.changed[key] = struct{}{}
}

// load takes a document from the database.
func (d *Documents) load(document Document) {
	d.current[document.Key] = document.Value
	d.inStore[document.Key] = struct{}{}
}

func (d *Documents) put(key string, data []byte) {
	d.remember(key)
	d.current[key] = data
	d.changed[key] = struct{}{}
}

func (d *Documents) remember(key string) {
	value, existed := d.current[key]
	_, changed := d.changed[key]
	d.undo = append(d.undo, undoStep{key: key, value: value, existed: existed, changed: changed})
}

// begin starts an event: rollback undoes what is changed from here on.
func (d *Documents) begin() {
	clear(d.undo)
	d.undo = d.undo[:0]
}

func (d *Documents) rollback() {
	for _, step := range slices.Backward(d.undo) {
		if step.existed {
			d.current[step.key] = step.value
		} else {
			delete(d.current, step.key)
		}
		if !step.changed {
			delete(d.changed, step.key)
		}
	}
	d.begin()
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
