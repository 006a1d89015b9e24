// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// documentsModel is what Documents must be: what the projection sees, what the database has, and what is on its way.
type documentsModel struct {
	documents  Documents
	seen       map[string]string
	inDatabase map[string]string
	underWay   []Change
	saving     bool
	number     int
}

func TestDocumentsReachTheDatabaseHoweverSavesAndFailuresFall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &documentsModel{documents: newDocuments(), seen: map[string]string{}, inDatabase: map[string]string{}}
		for key := range 3 {
			name := strconv.Itoa(key)
			m.documents.load(Document{Key: name, Value: []byte("0")})
			m.seen[name], m.inDatabase[name] = "0", "0"
		}
		t.Repeat(map[string]func(*rapid.T){
			"an event is applied": func(t *rapid.T) { m.event(t, false) },
			"an event fails":      func(t *rapid.T) { m.event(t, true) },
			"a save begins":       m.take,
			"the save succeeds":   func(t *rapid.T) { m.settle(t, true) },
			"the save fails":      func(t *rapid.T) { m.settle(t, false) },
			"":                    m.check,
		})
		if m.saving {
			m.settle(t, true)
		}
		m.take(t)
		m.settle(t, true)
		if !maps.Equal(m.inDatabase, m.seen) {
			t.Fatalf("the database has %v, the projection sees %v", m.inDatabase, m.seen)
		}
		m.take(t)
		if len(m.underWay) > 0 {
			t.Fatalf("all is saved, and yet %v is to be written", m.underWay)
		}
	})
}

func (m *documentsModel) event(t *rapid.T, fails bool) {
	before := maps.Clone(m.seen)
	m.documents.begin()
	for range rapid.IntRange(1, 4).Draw(t, "changes") {
		key := strconv.Itoa(rapid.IntRange(0, 4).Draw(t, "key"))
		if rapid.Bool().Draw(t, "delete") {
			m.documents.Delete(key)
			delete(m.seen, key)
			continue
		}
		m.number++
		m.documents.put(key, fmt.Append(nil, m.number))
		m.seen[key] = strconv.Itoa(m.number)
	}
	if fails {
		m.documents.rollback()
		m.seen = before
	}
}

func (m *documentsModel) take(t *rapid.T) {
	if m.saving {
		t.Skip("one save at a time")
	}
	m.saving, m.underWay = true, m.documents.takeChanges()
	if !slices.IsSortedFunc(m.underWay, func(a, b Change) int { return strings.Compare(a.Key, b.Key) }) {
		t.Fatalf("changes are not in order: %v", m.underWay)
	}
}

func (m *documentsModel) settle(t *rapid.T, saved bool) {
	if !m.saving {
		t.Skip("nothing is being saved")
	}
	m.saving = false
	if !saved {
		m.documents.notSaved(m.underWay)
		return
	}
	for _, change := range m.underWay {
		if _, stored := m.inDatabase[change.Key]; change.Value == nil && !stored {
			t.Fatalf("%s is deleted, which the database never had", change.Key)
		}
		if change.Value == nil {
			delete(m.inDatabase, change.Key)
		} else {
			m.inDatabase[change.Key] = string(change.Value)
		}
	}
	m.documents.saved(m.underWay)
}

func (m *documentsModel) check(t *rapid.T) {
	values := map[string]string{}
	for key, value := range m.documents.values() {
		values[key] = string(value)
	}
	if !maps.Equal(values, m.seen) {
		t.Fatalf("the projection sees %v, want %v", values, m.seen)
	}
}
