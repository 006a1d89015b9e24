// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// reservedPrefix begins the keys of what a Projector itself keeps in the read model.
const reservedPrefix = "$eventcore/"

// Documents is the read model within Projection.Apply. Keys that start with $eventcore/ are reserved.
type Documents struct {
	byKey map[string]*document
	// changed holds what was written since the last save.
	changed []*document
	// undo is what the event under way has changed.
	undo []undoStep
}

// document is one of the read model, also one that was deleted since the last save: it has no value.
type document struct {
	key   string
	value []byte
	// changed says that it was written since the last save, inStore that the database has it.
	changed, inStore bool
}

// undoStep is a document's value as it was before. It was unchanged if it was put into changed with this step.
type undoStep struct {
	document  *document
	value     []byte
	unchanged bool
}

func newDocuments() Documents { return Documents{byKey: map[string]*document{}} }

// values returns the documents that are there.
func (d *Documents) values() map[string][]byte {
	values := make(map[string][]byte, len(d.byKey))
	for key, document := range d.byKey {
		if document.value != nil {
			values[key] = document.value
		}
	}
	return values
}

// Get decodes the document into value and reports whether there is one.
func (d *Documents) Get(key string, value any) (bool, error) {
	found, ok := d.byKey[key]
	if !ok || found.value == nil {
		return false, nil
	}
	if err := json.Unmarshal(found.value, value); err != nil {
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
	if found, ok := d.byKey[key]; ok && found.value != nil {
		d.set(found, nil)
	}
}

// load takes a document from the database.
func (d *Documents) load(loaded Document) {
	d.byKey[loaded.Key] = &document{key: loaded.Key, value: loaded.Value, inStore: true}
}

func (d *Documents) put(key string, data []byte) {
	found, ok := d.byKey[key]
	if !ok {
		found = &document{key: key}
		d.byKey[key] = found
	}
	d.set(found, data)
}

func (d *Documents) set(target *document, value []byte) {
	d.undo = append(d.undo, undoStep{document: target, value: target.value, unchanged: !target.changed})
	target.value = value
	d.mark(target)
}

func (d *Documents) mark(target *document) {
	if !target.changed {
		target.changed = true
		d.changed = append(d.changed, target)
	}
}

// drop forgets a document that is neither here nor in the database.
func (d *Documents) drop(target *document) {
	if target.value == nil && !target.inStore && !target.changed {
		delete(d.byKey, target.key)
	}
}

// begin starts an event: rollback undoes what is changed from here on.
func (d *Documents) begin() {
	clear(d.undo)
	d.undo = d.undo[:0]
}

func (d *Documents) rollback() {
	for _, step := range slices.Backward(d.undo) {
		step.document.value = step.value
		if step.unchanged {
			step.document.changed = false
			d.changed = d.changed[:len(d.changed)-1]
			d.drop(step.document)
		}
	}
	d.begin()
}

// takeChanges returns what differs from the database: a document that came and went between two saves does not.
func (d *Documents) takeChanges() []Change {
	slices.SortFunc(d.changed, func(a, b *document) int { return strings.Compare(a.key, b.key) })
	changes := make([]Change, 0, len(d.changed))
	for _, document := range d.changed {
		document.changed = false
		if document.value != nil || document.inStore {
			changes = append(changes, Change{Key: document.key, Value: document.value})
		}
		d.drop(document)
	}
	clear(d.changed)
	d.changed = d.changed[:0]
	return changes
}

// saved records that the database has the changes. The documents may have changed again since.
func (d *Documents) saved(changes []Change) {
	for _, change := range changes {
		document := d.byKey[change.Key]
		document.inStore = change.Value != nil
		d.drop(document)
	}
}

// notSaved puts changes back that the database has refused.
func (d *Documents) notSaved(changes []Change) {
	for _, change := range changes {
		d.mark(d.byKey[change.Key])
	}
}
