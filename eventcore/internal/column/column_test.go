// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package column_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/column"
)

func TestStreamsComeBackInTheirOrder(t *testing.T) {
	want := []eventcore.Membership{{Stream: "b c d", Version: 1}, {Stream: "größe/1", Version: 1<<64 - 1}}
	got, err := column.DecodeStreams(column.EncodeStreams(want))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for _, damaged := range []string{"", "1", "x a", "1 a\n", "-1 a"} {
		if got, err := column.DecodeStreams(damaged); err == nil {
			t.Errorf("%q is decoded as %+v, want an error", damaged, got)
		}
	}
}

func TestMetadataComesBackAndTakesNoSpaceIfEmpty(t *testing.T) {
	full := eventcore.Metadata{CommandType: "A<B>", CorrelationID: "ü\n", Causation: 1<<63 + 1}
	for _, want := range []eventcore.Metadata{{}, full} {
		text, err := column.EncodeMetadata(&want)
		if err != nil || (text == "") != (want == eventcore.Metadata{}) {
			t.Fatalf("%+v is encoded as %q, %v", want, text, err)
		}
		if got, err := column.DecodeMetadata(text); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	if _, err := column.DecodeMetadata("{"); err == nil {
		t.Error("damaged metadata is decoded")
	}
}

// What is plain is not given to encoding/json; what comes out must be the same.
func FuzzMetadataIsEncodedAsByJSON(f *testing.F) {
	f.Add("Deposit", "", "shop/order-1/1", "ada", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", uint64(7))
	f.Add("A<B>", "id", "\"\\", "\x7f\u2028ü", "\xff", uint64(0))
	f.Add("", "", "", "", "", uint64(1<<64-1))
	f.Fuzz(func(t *testing.T, command, id, correlation, actor, trace string, causation uint64) {
		metadata := eventcore.Metadata{
			CommandType: command, CommandID: id, CorrelationID: correlation, Actor: actor, TraceContext: trace,
			Causation: eventcore.Position(causation),
		}
		want, err := json.Marshal(metadata)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) == "{}" {
			want = nil
		}
		got, err := column.EncodeMetadata(&metadata)
		if err != nil || got != string(want) {
			t.Errorf("%+v is encoded as %q, %v; encoding/json writes %q", metadata, got, err, want)
		}
	})
}

// Whatever a row holds is decoded as encoding/json decodes it, or is damaged for both.
func FuzzMetadataIsDecodedAsByJSON(f *testing.F) {
	for _, text := range []string{
		`{"commandType":"Deposit","commandID":"1","correlationID":"2","causation":12,"actor":"a","traceContext":"t"}`,
		`{"causation":12}`, `{"causation":012}`, `{"causation":-1}`, `{"causation":1e3}`, `{"causation":18446744073709551616}`,
		`{"actor":"a",}`, `{"actor":"a"}}`, `"actor":"a"}`, `{"actor":"a\\u0041"}`, `{"actor":"a`, `{"actor":null}`, `{}`, `{`,
		`{"actor":"a","commandType":"b"}`, `{"actor":"a","actor":"b"}`, `{ "actor": "a" }`, `{"actor":"ü"}`, `{"other":1}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, wantErr := eventcore.Metadata{}, error(nil)
		if text != "" {
			wantErr = json.Unmarshal([]byte(text), &want)
		}
		got, err := column.DecodeMetadata(text)
		if (err == nil) != (wantErr == nil) || err == nil && got != want {
			t.Errorf("%q is decoded as %+v, %v; encoding/json: %+v, %v", text, got, err, want, wantErr)
		}
	})
}
