// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"slices"
	"testing"

	"github.com/eventcore/order-operator/controllers/saga"
)

func TestTheFlowIsCompleteAndInOrder(t *testing.T) {
	flow := saga.CurrentFlow()
	if known, ok := saga.FlowOf(flow.Version); !ok || known != flow {
		t.Errorf("the current flow is not in the table")
	}
	if flow.Deadline <= 0 {
		t.Errorf("no deadline")
	}
	owners := []saga.Service{saga.InventoryService, saga.PaymentService, saga.ShippingService}
	names := map[string]bool{}
	for i, step := range flow.Steps {
		if step.Name == "" || step.Compensation == "" || step.Refused == "" {
			t.Errorf("%+v: a step needs a name, a compensation and a reason of refusal", step)
		}
		if !slices.Contains(owners, step.Owner) {
			t.Errorf("%s is owned by %q", step.Name, step.Owner)
		}
		if step.Outside != (step.UndoRefused != "") {
			t.Errorf("%s: a provider may refuse a compensation, and nobody else", step.Name)
		}
		if names[step.Name] {
			t.Errorf("%s is there twice", step.Name)
		}
		if step.Undoes != "" && !names[step.Undoes] {
			t.Errorf("%s undoes %s, which is no earlier step", step.Name, step.Undoes)
		}
		if (step.Void == "") != (step.VoidRefused == "") {
			t.Errorf("%s: a void may be refused", step.Name)
		}
		names[step.Name] = true
		if flow.Index(step.Name) != i {
			t.Errorf("%s has index %d, not %d", step.Name, flow.Index(step.Name), i)
		}
	}
	if flow.Index("NoSuchStep") != -1 {
		t.Errorf("an unknown step has an index")
	}
	if got := (saga.Order{}).Step("NoSuchStep").State; got != saga.Skipped {
		t.Errorf("an unknown step is %s", got)
	}
}
