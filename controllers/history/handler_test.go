// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eventcore/order-operator/controllers/history"
	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/test/openapi"
)

const firstPath = "/namespaces/shop/orders/order-001"

// complete is an order from its beginning to its end: events 2 to 8.
func complete(o *office, id saga.OrderID) {
	o.Helper()
	o.records(id, supplied())
	o.records(id, slices.Concat(ordered(), paid(id), shipped(id))...)
}

func TestATimelineTellsWhatHappenedAndWhy(t *testing.T) {
	o := newOffice(t, history.Limits{})
	complete(o, first)
	timeline := tells[historyv1.Timeline](o, firstPath)
	if timeline.History != (historyv1.History{StoreID: storeID.String(), Epoch: 1, Position: 8}) {
		t.Errorf("it is of history %+v", timeline.History)
	}
	var said []string
	for _, event := range timeline.Events {
		said = append(said, fmt.Sprintf("%d %s: %s", event.Position, event.Type, event.Sentence))
		if event.Actor != "order" || event.Causation != event.Position-1 || event.Correlation != storeID.String()+"/shop/order-001/1" {
			t.Errorf("event %d came of %+v", event.Position, event)
		}
	}
	want := []string{
		"2 OrderCreated: Ordered: 3 pen for 15.00 USD, to be done by 2026-03-04T07:06:07Z",
		"3 StockReserved: Stock reserved: 3 pen",
		"4 PaymentRequested: Asks gateway default to charge 15.00 USD",
		"5 PaymentProcessed: Charged 15.00 USD as ch_1",
		"6 ShipmentRequested: Asks carrier default for a shipment",
		"7 ShipmentCreated: Shipment sh_1 is ready, tracking number T0001",
		"8 OrderCompleted: Completed: paid, and released to the carrier",
	}
	if !slices.Equal(said, want) {
		t.Errorf("it tells\n%s", strings.Join(said, "\n"))
	}
}

func TestNoAnswerTellsACustomersEMailOrAddress(t *testing.T) {
	o := newOffice(t, history.Limits{})
	complete(o, first)
	for _, path := range []string{firstPath, firstPath + "?at=8", "/orders", firstPath + "/verify", "/verify?full=true"} {
		code, body := o.get(path)
		if code != http.StatusOK {
			t.Errorf("%s: %d: %s", path, code, body)
		}
		for _, private := range []string{"ada@example.org", "Secretive", "Hidden", "Nowhere", "email", "address"} {
			if strings.Contains(string(body), private) {
				t.Errorf("%s tells %q: %s", path, private, body)
			}
		}
	}
	if _, body := o.get(firstPath); !strings.Contains(string(body), `"customer":{"id":"cust-1"}`) {
		t.Errorf("the customer's id is missing: %s", body)
	}
}

func TestATimelineIsReadInPages(t *testing.T) {
	o := newOffice(t, history.Limits{})
	complete(o, first)
	var positions []uint64
	for from := uint64(1); from != 0; {
		page := tells[historyv1.Timeline](o, fmt.Sprintf("%s?from=%d&limit=3", firstPath, from))
		if len(page.Events) > 3 {
			t.Fatalf("a page has %d events", len(page.Events))
		}
		for _, event := range page.Events {
			positions = append(positions, event.Position)
		}
		from = page.Next
	}
	if !slices.Equal(positions, []uint64{2, 3, 4, 5, 6, 7, 8}) {
		t.Errorf("read %v", positions)
	}
	bounded := newOffice(t, history.Limits{Events: 2})
	complete(bounded, first)
	if page := tells[historyv1.Timeline](bounded, firstPath+"?limit=1000000"); len(page.Events) != 2 || page.Next != 4 {
		t.Errorf("asked for a million events, got %d and then %d", len(page.Events), page.Next)
	}
	if page := tells[historyv1.Timeline](o, firstPath+"?from=9"); len(page.Events) != 0 || page.Next != 0 {
		t.Errorf("after the end there is %+v", page)
	}
}

func TestAnOrderIsShownAsItWas(t *testing.T) {
	o := newOffice(t, history.Limits{})
	complete(o, first)
	for _, test := range []struct {
		at       int
		position uint64
		charged  string
		outcome  string
		payment  string
	}{
		{2, 2, "0.00", "", "Pending"},
		{4, 4, "0.00", "", "Running"},
		{5, 5, "15.00", "", "Succeeded"},
		{8, 8, "15.00", "Completed", "Succeeded"},
	} {
		state := tells[historyv1.State](o, fmt.Sprintf("%s?at=%d", firstPath, test.at))
		payment := string(state.Status.Steps[1].State)
		if state.Position != test.position || state.Status.Charged != test.charged || string(state.Status.Outcome) != test.outcome ||
			payment != test.payment || state.Events != test.position-1 || state.Order.Items[0].UnitPrice != "5.00" {
			t.Errorf("at %d it was %+v", test.at, state)
		}
	}
}

func TestWhatCanNotBeAnsweredSaysWhy(t *testing.T) {
	o := newOffice(t, history.Limits{})
	complete(o, first)
	for _, test := range []struct {
		path, token string
		code        int
		reason      metav1.StatusReason
		says        string
	}{
		{firstPath, "", 401, metav1.StatusReasonUnauthorized, "send one as X-Commerce-Authorization: Bearer TOKEN"},
		{firstPath, "guess", 401, metav1.StatusReasonUnauthorized, "who are you?"},
		{"/namespaces/closed/orders/x", secret, 403, metav1.StatusReasonForbidden, "forbidden"},
		{"/namespaces/shop/orders/order-002", secret, 404, metav1.StatusReasonNotFound, `no order "order-002" in namespace "shop"`},
		{"/namespaces/shop/orders/order-002/verify", secret, 404, metav1.StatusReasonNotFound, "order-002"},
		{"/namespaces/shop/orders/*", secret, 400, metav1.StatusReasonBadRequest, "the name of no order"},
		{firstPath + "?at=9", secret, 400, metav1.StatusReasonBadRequest, "the last event of the store is 8"},
		{firstPath + "?at=1", secret, 404, metav1.StatusReasonNotFound, "begins with event 2"},
		{firstPath + "?at=0", secret, 400, metav1.StatusReasonBadRequest, "from 1 on"},
		{firstPath + "?at=99999999999999999999", secret, 400, metav1.StatusReasonBadRequest, "from 1 on"},
		{firstPath + "?at=5&follow=true", secret, 400, metav1.StatusReasonBadRequest, "can't be combined"},
		{firstPath + "?form=5", secret, 400, metav1.StatusReasonBadRequest, "use from, limit, at, follow"},
		{firstPath + "?follow=maybe", secret, 400, metav1.StatusReasonBadRequest, "true or false"},
		{firstPath + "?from=1&from=2", secret, 400, metav1.StatusReasonBadRequest, "once"},
		{"/namespaces/shop/products/pen", secret, 404, metav1.StatusReasonNotFound, "docs/api/history.yaml"},
	} {
		t.Run(test.path+" "+test.token, func(t *testing.T) {
			response := o.open(t.Context(), test.path, test.token)
			defer func() { _ = response.Body.Close() }()
			var status metav1.Status
			if err := json.NewDecoder(response.Body).Decode(&status); err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != test.code || int(status.Code) != test.code || status.Reason != test.reason ||
				status.Kind != "Status" || !strings.Contains(status.Message, test.says) {
				t.Errorf("%d: %+v", response.StatusCode, status)
			}
		})
	}
}

func TestNothingCanBeChanged(t *testing.T) {
	o := newOffice(t, history.Limits{})
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		request, err := http.NewRequestWithContext(t.Context(), method, o.server.URL+"/history/v1"+firstPath, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set(historyv1.TokenHeader, "Bearer "+secret)
		response, err := o.server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode < 400 {
			t.Errorf("%s: %s", method, response.Status)
		}
	}
}

func TestADirectCallMayUseAuthorization(t *testing.T) {
	o := newOffice(t, history.Limits{})
	complete(o, first)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.server.URL+"/history/v1"+firstPath, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "bearer "+secret)
	response, err := o.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Error(response.Status)
	}
}

func TestAStoreThatFailsIsTheOperatorsMatter(t *testing.T) {
	o := newOffice(t, history.Limits{})
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	code, body := o.get(firstPath)
	if code != http.StatusServiceUnavailable || !strings.Contains(string(body), "the operator's log says why") {
		t.Errorf("%d: %s", code, body)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !strings.Contains(o.log.String(), "could not be answered") {
		t.Errorf("logged %s", o.log.String())
	}
}

func TestOrdersOfTheStoreAreListedInPages(t *testing.T) {
	o := newOffice(t, history.Limits{})
	complete(o, first)
	again := saga.OrderID{Namespace: "shop", Name: "order-002"}
	second := ordered()[0].(saga.OrderCreated)
	second.Attempt = 2
	o.records(again, ordered()[0], saga.CompensationStarted{Reason: saga.ReasonDeadlineExceeded},
		saga.OrderCancelled{Reason: saga.ReasonDeadlineExceeded}, second)
	o.records(saga.OrderID{Namespace: "other", Name: "order-003"}, ordered()[0])
	listed := func(path string) string {
		var names []string
		for from := uint64(1); from != 0; {
			page := tells[historyv1.OrderList](o, fmt.Sprintf("%s?limit=1&from=%d", path, from))
			for _, order := range page.Orders {
				names = append(names, fmt.Sprintf("%s/%s %d %s", order.Namespace, order.Name, order.Status.Attempt, order.Status.Outcome))
			}
			from = page.Next
		}
		return strings.Join(names, ", ")
	}
	if got, want := listed("/namespaces/shop/orders"), "shop/order-001 1 Completed, shop/order-002 2 "; got != want {
		t.Errorf("in shop there are %q", got)
	}
	if got, want := listed("/orders"), "shop/order-001 1 Completed, shop/order-002 2 , other/order-003 1 "; got != want {
		t.Errorf("in all there are %q", got)
	}
	if got := listed("/namespaces/sho/orders"); got != "" {
		t.Errorf("a namespace whose name begins alike has %q", got)
	}
	o.gate.mu.Lock()
	defer o.gate.mu.Unlock()
	if !slices.Contains(o.gate.asked, "/") {
		t.Errorf("all namespaces were listed, and only %q asked for", o.gate.asked)
	}
}

// TestAnswersAreAsDocumented holds what is said against docs/api/history.yaml.
func TestAnswersAreAsDocumented(t *testing.T) {
	document, err := openapi.Load("../../docs/api/history.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o := newOffice(t, history.Limits{})
	complete(o, first)
	o.records(first, saga.StockReserved{Lines: three}) // which must not be
	asked := map[string]bool{}
	for _, test := range []struct{ operation, path string }{
		{"/namespaces/{namespace}/orders/{name}", firstPath + "?limit=2"},
		{"/namespaces/{namespace}/orders/{name}", firstPath},
		{"/namespaces/{namespace}/orders/{name}", firstPath + "x"},
		{"/namespaces/{namespace}/orders/{name}", firstPath + "?limit=x"},
		{"/namespaces/{namespace}/orders/{name}", "/namespaces/closed/orders/x"},
		{"/namespaces/{namespace}/orders/{name}/verify", firstPath + "/verify"},
		{"/namespaces/{namespace}/orders", "/namespaces/shop/orders?limit=1"},
		{"/namespaces/{namespace}/verify", "/namespaces/shop/verify?full=true"},
		{"/orders", "/orders"},
		{"/verify", "/verify"},
	} {
		operation := "GET /history/v1" + test.operation
		asked[operation] = true
		code, body := o.get(test.path)
		if err := document.Check(operation, code, body); err != nil {
			t.Errorf("%s: %v", test.path, err)
		}
	}
	for _, operation := range document.Operations() {
		if !asked[operation] {
			t.Errorf("%s is documented, and was not asked", operation)
		}
	}
}
