// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/eventcore/order-operator/eventcore"
)

var errOdd = errors.New("an odd amount")

func paidV1(amount int64) (paidV2, error) {
	if amount%2 == 1 {
		return paidV2{}, errOdd
	}
	return paidV2{Cents: amount * 100}, nil
}

func paidV3(old paidV2) (Paid, error) { return Paid{Cents: old.Cents, Currency: "EUR"}, nil }

type (
	paidV2 struct {
		Cents int64 `json:"cents"`
	}
	// Paid is today's.
	Paid struct {
		Cents    int64  `json:"cents"`
		Currency string `json:"currency"`
	}
)

func paid(entries ...eventcore.EventType) []eventcore.EventType {
	return append(entries, eventcore.Type[Paid]("Paid", 3))
}

func decode(t *testing.T, registry *eventcore.Registry, name string, version int, data string) (any, error) {
	t.Helper()
	event := eventcore.Event{Position: 7, Type: name, SchemaVersion: version, Data: []byte(data)}
	err := registry.Decode(&event)
	if string(event.Data) != data || event.Type != name || event.SchemaVersion != version {
		t.Errorf("decoding changed what was stored: %s version %d %s", event.Type, event.SchemaVersion, event.Data)
	}
	return event.Payload, err
}

func TestOldVersionsAreUpcastStepByStep(t *testing.T) {
	raw := func(old json.RawMessage) (json.RawMessage, error) {
		return json.RawMessage(`{"cents":` + string(old) + `00}`), nil
	}
	fields := func(old map[string]any) (json.RawMessage, error) {
		old["currency"] = "EUR"
		return json.Marshal(old)
	}
	ways := map[string]*eventcore.Registry{
		"old Go types": eventcore.NewRegistry(paid(
			eventcore.Upcast("Paid", 2, paidV3), eventcore.Upcast("Paid", 1, paidV1))...),
		"JSON, then a Go type": eventcore.NewRegistry(paid(
			eventcore.Upcast("Paid", 1, raw), eventcore.Upcast("Paid", 2, paidV3))...),
		"a Go type, then JSON": eventcore.NewRegistry(paid(
			eventcore.Upcast("Paid", 1, paidV1),
			eventcore.Upcast("Paid", 2, func(old json.RawMessage) (json.RawMessage, error) {
				return json.RawMessage(strings.Replace(string(old), "}", `,"currency":"EUR"}`, 1)), nil
			}))...),
		"JSON, then a map": eventcore.NewRegistry(paid(
			eventcore.Upcast("Paid", 1, raw), eventcore.Upcast("Paid", 2, fields))...),
	}
	for name, registry := range ways {
		t.Run(name, func(t *testing.T) {
			for version, data := range map[int]string{1: `4`, 2: `{"cents":400}`, 3: `{"cents":400,"currency":"EUR"}`} {
				payload, err := decode(t, registry, "Paid", version, data)
				if want := (Paid{Cents: 400, Currency: "EUR"}); payload != want || err != nil {
					t.Errorf("version %d: %+v, %v; want %+v", version, payload, err, want)
				}
			}
			event, err := registry.Encode(Paid{Cents: 1})
			if err != nil || event.SchemaVersion != 3 {
				t.Errorf("wrote version %d, %v; want the newest", event.SchemaVersion, err)
			}
			if _, err := registry.Encode(paidV2{}); !errors.Is(err, eventcore.ErrUnknownType) {
				t.Errorf("encoding an old type: %v, want ErrUnknownType", err)
			}
		})
	}
}

func TestAnOldNameIsReadAsTheNewOne(t *testing.T) {
	registry := eventcore.NewRegistry(
		eventcore.Renamed("Payment", "Charged"),
		eventcore.Renamed("Charged", "Paid"),
		eventcore.Upcast("Paid", 1, paidV1), eventcore.Upcast("Paid", 2, paidV3), eventcore.Type[Paid]("Paid", 3),
	)
	for _, name := range []string{"Payment", "Charged", "Paid"} {
		for version, data := range map[int]string{1: `4`, 3: `{"cents":400,"currency":"EUR"}`} {
			payload, err := decode(t, registry, name, version, data)
			if want := (Paid{Cents: 400, Currency: "EUR"}); payload != want || err != nil {
				t.Errorf("%s version %d: %+v, %v; want %+v", name, version, payload, err, want)
			}
		}
	}
	if event, err := registry.Encode(Paid{}); event.Type != "Paid" || err != nil {
		t.Errorf("wrote %s, %v; want the new name", event.Type, err)
	}
	filter := registry.WithOldNames(eventcore.Filter{Prefixes: []string{"p"}, Types: []string{"Paid", "Other"}})
	slices.Sort(filter.Types)
	if want := []string{"Charged", "Other", "Paid", "Payment"}; !slices.Equal(filter.Types, want) ||
		!slices.Equal(filter.Prefixes, []string{"p"}) {
		t.Errorf("filter %+v, want the types %v", filter, want)
	}
	if filter := registry.WithOldNames(eventcore.Filter{}); len(filter.Types) > 0 {
		t.Errorf("a filter of all types became one of %v", filter.Types)
	}
	if types := maps.Collect(registry.Types()); !maps.Equal(types, map[string]int{"Paid": 3}) {
		t.Errorf("types %v, want Paid alone", types)
	}
}

func TestAChainWithAMistakePanics(t *testing.T) {
	v1, v2, v3 := eventcore.Upcast("Paid", 1, paidV1), eventcore.Upcast("Paid", 2, paidV3), eventcore.Type[Paid]("Paid", 3)
	tests := map[string]struct {
		types []eventcore.EventType
		says  string
	}{
		"a chain with a gap":         {[]eventcore.EventType{v1, v3}, "there is no version 2"},
		"a gap between types":        {[]eventcore.EventType{v3, eventcore.Type[paidV2]("Paid", 1)}, "none of 2"},
		"no newest type":             {[]eventcore.EventType{v1, v2}, "there is no version 3"},
		"an upcaster twice":          {[]eventcore.EventType{v1, v1, v2, v3}, "registered twice"},
		"an upcaster and a type":     {[]eventcore.EventType{v2, eventcore.Type[paidV2]("Paid", 2), v3}, "registered twice"},
		"an upcaster that misfits":   {[]eventcore.EventType{eventcore.Upcast("Paid", 2, paidV1), v3}, "returns eventcore_test.paidV2"},
		"an upcaster from version 0": {[]eventcore.EventType{eventcore.Upcast("Paid", 0, paidV1), v3}, "version from 1 on"},
		"a new name without a type":  {[]eventcore.EventType{v3, eventcore.Renamed("Old", "Piad")}, "Piad, which is not registered"},
		"no new name":                {[]eventcore.EventType{v3, eventcore.Renamed("Old", "")}, "renamed to nothing"},
		"no old name":                {[]eventcore.EventType{v3, eventcore.Renamed("", "Paid")}, "needs a name"},
		"two new names":              {[]eventcore.EventType{v3, eventcore.Renamed("A", "Paid"), eventcore.Renamed("A", "X")}, "A is renamed twice"},
		"names that go in a circle":  {[]eventcore.EventType{v3, eventcore.Renamed("A", "B"), eventcore.Renamed("B", "A")}, "to itself"},
		"a name renamed to itself":   {[]eventcore.EventType{v3, eventcore.Renamed("A", "A")}, "to itself"},
		"a name that is in use still": {
			[]eventcore.EventType{v3, eventcore.Type[Deposited]("Old", 1), eventcore.Renamed("Old", "Paid")},
			"is registered, and renamed",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if reason, _ := recover().(string); !strings.Contains(reason, test.says) {
					t.Errorf("panicked with %q, want something about %q", reason, test.says)
				}
			}()
			eventcore.NewRegistry(test.types...)
		})
	}
}

func TestAnEventThatCannotBeDecodedSaysWhyAndWhatToDo(t *testing.T) {
	boom := func(paidV2) (Paid, error) { panic("boom") }
	registry := eventcore.NewRegistry(paid(eventcore.Upcast("Paid", 2, paidV3))...)
	panicking := eventcore.NewRegistry(paid(eventcore.Upcast("Paid", 1, paidV1), eventcore.Upcast("Paid", 2, boom))...)
	alias := eventcore.NewRegistry(paid(eventcore.Renamed("Charged", "Paid"))...)
	tests := map[string]struct {
		registry *eventcore.Registry
		name     string
		version  int
		data     string
		unknown  bool
		says     []string
	}{
		"an unknown name":        {registry, "Piad", 1, `{}`, true, []string{"Piad version 1", "with Type", "Renamed"}},
		"a version too old":      {registry, "Paid", 1, `{}`, true, []string{"Upcast from version 1"}},
		"a version too new":      {registry, "Paid", 4, `{}`, true, []string{"newest version registered is 3", "upgrade"}},
		"a new version's alias":  {alias, "Charged", 4, `{}`, true, []string{"Charged version 4", "upgrade"}},
		"data of another shape":  {registry, "Paid", 3, `[]`, false, []string{"(Paid version 3)", "Upcast"}},
		"old data of no shape":   {registry, "Paid", 2, `{`, false, []string{"(Paid version 2)"}},
		"no data":                {registry, "Paid", 2, ``, false, []string{"(Paid version 2)"}},
		"an upcaster that fails": {panicking, "Paid", 1, `3`, false, []string{"upcast from version 1", errOdd.Error()}},
		"one that panics":        {panicking, "Paid", 1, `4`, false, []string{"it panicked: boom"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			payload, err := decode(t, test.registry, test.name, test.version, test.data)
			if payload != nil || err == nil || errors.Is(err, eventcore.ErrUnknownType) != test.unknown {
				t.Fatalf("got %v, %v", payload, err)
			}
			for _, part := range append(test.says, "event 7") {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

func TestAChainOfAnyLengthGivesTheSameFromEveryVersion(t *testing.T) {
	type last struct{ Steps []int }
	rapid.Check(t, func(t *rapid.T) {
		newest := rapid.IntRange(1, 12).Draw(t, "newest")
		oldest := rapid.IntRange(1, newest).Draw(t, "oldest")
		entries := []eventcore.EventType{eventcore.Type[last]("Counted", newest)}
		for version := oldest; version < newest; version++ {
			step := func(old last) (last, error) { return last{Steps: append(old.Steps, version)}, nil }
			if rapid.Bool().Draw(t, "by JSON") {
				entries = append(entries, eventcore.Upcast("Counted", version, func(old json.RawMessage) (last, error) {
					var value last
					if err := json.Unmarshal(old, &value); err != nil {
						return value, err
					}
					return step(value)
				}))
				continue
			}
			entries = append(entries, eventcore.Upcast("Counted", version, step))
		}
		registry := eventcore.NewRegistry(rapid.Permutation(entries).Draw(t, "order")...)
		from := rapid.IntRange(oldest, newest).Draw(t, "from")
		event := eventcore.Event{Type: "Counted", SchemaVersion: from, Data: []byte(`{"Steps":[0]}`)}
		if err := registry.Decode(&event); err != nil {
			t.Fatal(err)
		}
		want := []int{0}
		for version := from; version < newest; version++ {
			want = append(want, version)
		}
		if got := event.Payload.(last).Steps; !reflect.DeepEqual(got, want) {
			t.Errorf("upcast by %v, want %v", got, want)
		}
	})
}

// FuzzDecode feeds any data to chains of all kinds: whatever it is, decoding ends in a payload or in an error.
func FuzzDecode(f *testing.F) {
	registry := eventcore.NewRegistry(
		eventcore.Renamed("Charged", "Paid"), eventcore.Type[Paid]("Paid", 3),
		eventcore.Upcast("Paid", 1, func(old json.RawMessage) (json.RawMessage, error) {
			return json.RawMessage(`{"cents":` + string(old) + `}`), nil // what it returns may be no JSON
		}),
		eventcore.Upcast("Paid", 2, paidV3),
		eventcore.Type[Deposited]("Deposited", 2),
		eventcore.Upcast("Deposited", 1, func(old map[string]any) (Deposited, error) {
			amount, err := strconv.ParseInt(old["amount"].(string), 10, 64) // panics on anything else
			return Deposited{Amount: amount}, err
		}),
	)
	for _, data := range []string{``, `null`, `4`, `{"cents":400}`, `{"amount":"7"}`, `{"amount":7}`, `[[[`, "\xff"} {
		for version := range 4 {
			f.Add("Paid", version, []byte(data))
			f.Add("Deposited", version, []byte(data))
		}
	}
	f.Fuzz(func(t *testing.T, name string, version int, data []byte) {
		event := eventcore.Event{Type: name, SchemaVersion: version, Data: data}
		err := registry.Decode(&event)
		if (err == nil) != (event.Payload != nil) {
			t.Fatalf("payload %v and error %v", event.Payload, err)
		}
		if err != nil {
			return
		}
		again, err := registry.Encode(event.Payload)
		if err != nil {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}
		again.Payload = nil
		if err := registry.Decode(&again); err != nil || !reflect.DeepEqual(again.Payload, event.Payload) {
			t.Fatalf("%+v came back as %+v, %v", event.Payload, again.Payload, err)
		}
	})
}
