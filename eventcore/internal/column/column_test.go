// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package column_test

import (
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
