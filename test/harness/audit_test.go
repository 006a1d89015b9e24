// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/saga"
)

var (
	bought  = saga.OrderID{Namespace: "shop", Name: "bought"}
	refused = saga.OrderID{Namespace: "shop", Name: "refused"}
	pen     = saga.ProductID{Namespace: "shop", Name: "pen"}
)

func usd(minor int64) saga.Money { return saga.Money{Currency: "USD", Minor: minor} }

func entry(kind ledger.Kind, minor int64) ledger.Entry {
	return ledger.Entry{Request: ledger.Request{Kind: kind, Amount: usd(minor), Correlation: "store/shop/x/1"}, State: ledger.Done}
}

func object(uid types.UID, outcome commercev1.OrderOutcome, charged, refunded string) *commercev1.Order {
	return &commercev1.Order{
		ObjectMeta: metav1.ObjectMeta{UID: uid},
		Status:     commercev1.OrderStatus{Outcome: outcome, Charged: charged, Refunded: refunded},
	}
}

// rightBooks are books in which all adds up: three pens for 15.00 USD were bought; two more for 10.00 USD were paid, refused by the
// carrier and refunded.
func rightBooks() *Books {
	return &Books{
		Orders: map[saga.OrderID]*OrderBook{
			bought: {
				Order: saga.Order{
					Content: saga.OrderCreated{UID: "1", Total: usd(1500)}, UIDs: []string{"1"}, Outcome: saga.Completed,
					Charge: saga.Charge{Amount: usd(1500)}, Refunded: usd(0), Shipment: saga.Shipment{Reference: "sh_1"},
				},
				Completed: 1,
				Charges:   []ledger.Entry{entry(ledger.Charge, 1500)},
				Shipments: []ledger.Entry{entry(ledger.Shipment, 0)},
				Object:    object("1", commercev1.OutcomeCompleted, "15.00", "0.00"),
			},
			refused: {
				Order: saga.Order{
					Content: saga.OrderCreated{UID: "2", Total: usd(1000)}, UIDs: []string{"2"}, Outcome: saga.Cancelled,
					Charge: saga.Charge{Amount: usd(1000)}, Refunded: usd(1000),
				},
				Cancelled: 1,
				Charges:   []ledger.Entry{entry(ledger.Charge, 1000)},
				Refunds:   []ledger.Entry{entry(ledger.Refund, 1000)},
				Object:    object("2", commercev1.OutcomeCancelled, "10.00", "10.00"),
			},
		},
		Products: map[saga.ProductID]*ProductBook{pen: {
			Supplied: 10, Shipped: 3, Ordered: 3,
			Object: &commercev1.Product{
				Spec:   commercev1.ProductSpec{Supply: []commercev1.ProductSupply{{Received: new(int64(12)), Removed: new(int64(2))}}},
				Status: commercev1.ProductStatus{Available: new(int64(7)), Reserved: new(int64(0)), Shipped: new(int64(3))},
			},
		}},
	}
}

// TestAudit breaks one thing at a time and wants the audit to say which, and nothing else.
func TestAudit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		spoil    func(b *Books)
		subject  string
		rules    []string
		detailed string
	}{
		{name: "nothing", spoil: func(*Books) {}},
		{
			name:    "an order that the store does not know",
			spoil:   func(b *Books) { b.Orders[bought].Order = saga.Order{} },
			subject: "order shop/bought", rules: []string{RuleEnd}, detailed: "knows nothing of it",
		},
		{
			name:    "an end twice",
			spoil:   func(b *Books) { b.Orders[bought].Completed = 2 },
			subject: "order shop/bought", rules: []string{RuleEnd}, detailed: "2 times completed, 0 times cancelled",
		},
		{
			name: "no charge of a completed order",
			spoil: func(b *Books) {
				b.Orders[bought].Charges = nil
			},
			subject: "order shop/bought", rules: []string{RuleMoney, RuleRecorded},
			detailed: "Completed with a total of 15.00 USD, but charged 0.00 USD and refunded 0.00 USD",
		},
		{
			name: "a double charge, half of it refunded",
			spoil: func(b *Books) {
				b.Orders[bought].Charges = append(b.Orders[bought].Charges, entry(ledger.Charge, 1500))
				b.Orders[bought].Refunds = []ledger.Entry{entry(ledger.Refund, 1500)}
			},
			subject: "order shop/bought", rules: []string{RuleRecorded, RuleOnce}, detailed: "2 charges and 1 refunds",
		},
		{
			name:    "no refund of a cancelled order",
			spoil:   func(b *Books) { b.Orders[refused].Refunds = nil },
			subject: "order shop/refused", rules: []string{RuleMoney, RuleRecorded},
			detailed: "Cancelled with a total of 10.00 USD, but charged 10.00 USD and refunded 0.00 USD",
		},
		{
			name:    "no shipment of a completed order",
			spoil:   func(b *Books) { b.Orders[bought].Shipments = nil },
			subject: "order shop/bought", rules: []string{RuleGoods, RuleRecorded}, detailed: "0 shipments were created and 0 cancelled",
		},
		{
			name: "a shipment of a cancelled order",
			spoil: func(b *Books) {
				b.Orders[refused].Shipments = []ledger.Entry{entry(ledger.Shipment, 0)}
				b.Orders[refused].Order.Shipment.Reference = "sh_2"
			},
			subject: "order shop/refused", rules: []string{RuleGoods}, detailed: "1 shipments were created and 0 cancelled",
		},
		{
			name: "two shipments",
			spoil: func(b *Books) {
				b.Orders[bought].Shipments = append(b.Orders[bought].Shipments, entry(ledger.Shipment, 0))
			},
			subject: "order shop/bought", rules: []string{RuleGoods, RuleOnce}, detailed: "2 shipments",
		},
		{
			name:    "a status behind",
			spoil:   func(b *Books) { b.Orders[bought].Object.Status = commercev1.OrderStatus{} },
			subject: "order shop/bought", rules: []string{RuleStatus, RuleStatus}, detailed: `status.outcome is "", the events say "Completed"`,
		},
		{
			name:    "an Order that nobody accepted or rejected",
			spoil:   func(b *Books) { b.Orders[bought].Object.UID = "3" },
			subject: "order shop/bought", rules: []string{RuleStatus}, detailed: "not rejected",
		},
		{
			name:  "a rejected Order",
			spoil: func(b *Books) { b.Orders[bought].Object = object("3", commercev1.OutcomeRejected, "", "") },
		},
		{
			name:    "money for nobody",
			spoil:   func(b *Books) { b.Strangers = []ledger.Entry{entry(ledger.Charge, 700)} },
			subject: "ledger", rules: []string{RuleStranger}, detailed: `charge of 7.00 USD for "store/shop/x/1"`,
		},
		{
			name: "a reservation that stays",
			spoil: func(b *Books) {
				b.Products[pen].Reserved = 2
				b.Products[pen].Object.Status.Reserved, b.Products[pen].Object.Status.Available = new(int64(2)), new(int64(5))
			},
			subject: "product shop/pen", rules: []string{RuleReserved}, detailed: "2 reserved",
		},
		{
			name: "goods that left for nobody",
			spoil: func(b *Books) {
				b.Products[pen].Ordered = 1
			},
			subject: "product shop/pen", rules: []string{RuleShipped}, detailed: "3 shipped, but the completed orders asked for 1",
		},
		{
			name: "more sold than there was",
			spoil: func(b *Books) {
				b.Products[pen].Shipped, b.Products[pen].Ordered = 11, 11
				b.Products[pen].Object.Status.Shipped, b.Products[pen].Object.Status.Available = new(int64(11)), new(int64(-1))
			},
			subject: "product shop/pen", rules: []string{RuleOversold}, detailed: "10 supplied, 0 reserved, 11 shipped",
		},
		{
			name:    "a status that leaks a unit",
			spoil:   func(b *Books) { b.Products[pen].Object.Status.Available = new(int64(6)) },
			subject: "product shop/pen", rules: []string{RuleStock, RuleStatus}, detailed: "10 supplied, but status says 6 available, 0 reserved, 3 shipped",
		},
		{
			name:    "a supply that was not recorded",
			spoil:   func(b *Books) { b.Products[pen].Object.Spec.Supply[0].Received = new(int64(13)) },
			subject: "product shop/pen", rules: []string{RuleStock, RuleCommitted}, detailed: "spec.supply comes to 11, the events say 10",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			books := rightBooks()
			test.spoil(books)
			got := Audit(books)
			var all []string
			rules := map[string]int{}
			for _, violation := range got {
				all = append(all, violation.String())
				rules[violation.Rule]++
				if violation.Subject != test.subject {
					t.Errorf("blames %q, want %q", violation.Subject, test.subject)
				}
			}
			for _, rule := range test.rules {
				rules[rule]--
			}
			for rule, n := range rules {
				if n != 0 {
					t.Errorf("%s: %+d violations", rule, n)
				}
			}
			if text := strings.Join(all, "\n"); !strings.Contains(text, test.detailed) {
				t.Errorf("got\n%s\nwant it to say %q", text, test.detailed)
			}
		})
	}
}
