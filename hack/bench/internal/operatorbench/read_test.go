// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operatorbench

import (
	"maps"
	"strings"
	"testing"
	"time"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

func TestAProcessIsReadWhateverItsNameIs(t *testing.T) {
	text := "4711 (a (strange) name) S 42 4711 4711 0 -1 4194560 1 2 3 4 150 25 0 0 20 0 9 0 100 0 0"
	got, err := parseStat(text)
	if want := (stat{program: "a (strange) name", parent: 42, cpu: 1750 * time.Millisecond}); err != nil || got != want {
		t.Errorf("got %+v and %v, want %+v", got, err, want)
	}
	for _, broken := range []string{"", "4711 S 42", "1 (x) S", "1 (x) S y 0 0 0 0 0 0 0 0 0 0 0 0"} {
		if _, err := parseStat(broken); err == nil {
			t.Errorf("%q: no error", broken)
		}
	}
}

func TestRequestsAreCountedByWhatTheyAreFor(t *testing.T) {
	group := `group="commerce.eventcore.dev"`
	metrics := strings.Join([]string{
		`# TYPE apiserver_request_total counter`,
		`apiserver_request_total{code="201",` + group + `,resource="orders",subresource="",verb="POST"} 7`,
		`apiserver_request_total{code="200",` + group + `,resource="orders",subresource="status",verb="PUT"} 6`,
		`apiserver_request_total{code="409",` + group + `,resource="orders",subresource="status",verb="PUT"} 1`,
		`apiserver_request_total{code="200",` + group + `,resource="products",subresource="status",verb="PUT"} 3`,
		`apiserver_request_total{code="200",` + group + `,resource="orders",subresource="",verb="GET"} 14`,
		`apiserver_request_total{code="200",` + group + `,resource="orders",subresource="",verb="LIST"} 99`,
		`apiserver_request_total{code="200",group="",resource="nodes",subresource="",verb="GET"} 99`,
		`apiserver_request_total{code="201",group="events.k8s.io",resource="events",subresource="",verb="POST"} 2`,
		`apiserver_request_duration_seconds_count{verb="POST"} 99`,
	}, "\n")
	got, err := countRequests(strings.NewReader(metrics))
	want := usage{creates: 7, statusWrites: 7, productWrites: 3, reads: 14, otherWrites: 2}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v and %v, want %v", got, err, want)
	}
}

func TestTheHeapIsReadFromAProfile(t *testing.T) {
	got, err := readHeap(strings.NewReader("heap profile: 1: 2\n# runtime.MemStats\n# Alloc = 5\n# HeapAlloc = 1048576\n"))
	if err != nil || got != mebi {
		t.Errorf("got %v and %v", got, err)
	}
	if _, err := readHeap(strings.NewReader("nothing")); err == nil {
		t.Error("no error")
	}
}

func TestTheNullOperatorWritesTheStatusOfACompletedOrder(t *testing.T) {
	status, err := finalStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if status.Outcome != commercev1.OutcomeCompleted || len(status.Steps) == 0 || len(status.Conditions) == 0 {
		t.Errorf("got %+v", status)
	}
}
