// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Difference returns in which field the object's status is not what Project makes of the order, empty if it is. What the
// checker of invariants has found is left to it.
func Difference(object *commercev1.Order, order saga.Order, identity eventcore.Identity) string {
	wanted, err := content(object, time.Time{})
	if err != nil {
		return err.Error()
	}
	desired := Project(object, order, identity, engine.Refusal(order, wanted))
	if shown := shownViolation(&object.Status); shown != nil {
		desired.Conditions = violated(object, desired.Conditions, shown.Message, shown.LastTransitionTime.Time)
	}
	is, err := fields(&object.Status)
	if err != nil {
		return err.Error()
	}
	should, err := fields(&desired)
	if err != nil {
		return err.Error()
	}
	all := maps.Clone(is)
	maps.Copy(all, should)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !bytes.Equal(is[name], should[name]) {
			return fmt.Sprintf("%s is %s, should be %s", name, is[name], should[name])
		}
	}
	return ""
}

// fields returns the fields of a status as the API server has them: times are as coarse there as they are in JSON.
func fields(status *commercev1.OrderStatus) (fields map[string]json.RawMessage, err error) {
	text, err := json.Marshal(status)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(text, &fields)
	return fields, err
}
