// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package payment_test

import (
	"context"
	"errors"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/payment"
	"github.com/eventcore/order-operator/controllers/saga"
)

// reader knows one Order, or none if its UID is empty, and counts who asks.
type reader struct {
	client.Reader

	uid   string
	err   error
	asked int
}

func (r *reader) Get(_ context.Context, key client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	r.asked++
	switch {
	case r.err != nil:
		return r.err
	case r.uid == "":
		return apierrors.NewNotFound(schema.GroupResource{Resource: "orders"}, key.Name)
	}
	order := object.(*commercev1.Order)
	order.UID, order.Spec.Payment.Token = types.UID(r.uid), "token of "+r.uid
	return nil
}

func TestTheAPIServerIsAskedForATokenOnlyIfTheCacheLacksIt(t *testing.T) {
	for _, test := range []struct {
		name         string
		cached, live reader
		wanted       string
		asked        int
	}{
		{"the cache has the Order", reader{uid: "ours"}, reader{uid: "ours"}, "token of ours", 0},
		{"the cache has not seen the Order yet", reader{}, reader{uid: "ours"}, "token of ours", 1},
		{"the cache has another Order of the name", reader{uid: "theirs"}, reader{uid: "ours"}, "token of ours", 1},
		{"the cache does not work", reader{err: errors.New("no informer")}, reader{uid: "ours"}, "token of ours", 1},
		{"the Order is gone", reader{}, reader{}, "", 1},
		{"another Order has the name now", reader{uid: "theirs"}, reader{uid: "theirs"}, "", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			tokens := payment.Tokens{Cached: &test.cached, Reader: &test.live}
			accepted := func(uid string) bool { return uid == "ours" }
			token, present, err := tokens.Token(t.Context(), saga.OrderID{Namespace: "shop", Name: "order-001"}, accepted)
			if err != nil || token != test.wanted || present != (test.wanted != "") {
				t.Errorf("got %q, %t and %v, want %q", token, present, err, test.wanted)
			}
			if test.live.asked != test.asked {
				t.Errorf("the API server was asked %d times, want %d", test.live.asked, test.asked)
			}
		})
	}
}

func TestAnOrderOfAnUnknownHistoryIsNotPaidWhereverItIsReadFrom(t *testing.T) {
	doubt := errors.New("the store does not have this history")
	tokens := payment.Tokens{
		Cached: &reader{uid: "ours"}, Reader: &reader{uid: "ours"},
		Trust: func(context.Context, saga.OrderID, commercev1.History) error { return doubt },
	}
	_, present, err := tokens.Token(t.Context(), saga.OrderID{}, func(string) bool { return true })
	if present || !errors.Is(err, doubt) {
		t.Errorf("got %t and %v", present, err)
	}
}
