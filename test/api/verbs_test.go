// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"maps"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// administrator is the name of the user behind the client api.
const administrator = "admin"

// resolution answers the question at position 7.
func resolution(changes object) object {
	answer := object{"attentionPosition": int64(7), "action": "Retry", "reason": "The bank is back", "actor": administrator}
	for key, value := range changes {
		if value == nil {
			delete(answer, key)
		} else {
			answer[key] = value
		}
	}
	return answer
}

// TestVerbs changes what is to become of an order: the fields of before are there from the start, outcome is how the order
// has ended, empty if it has not, and after replaces them.
func TestVerbs(t *testing.T) {
	t.Parallel()
	const (
		onlyAfterTheEnd = "attempt can only be raised once status.outcome is Cancelled or Rejected"
		onlyRises       = "attempt only rises"
		noWayBack       = "a cancellation can't be withdrawn"
		leaveOut        = "must leave cancellation and resolution out"
		hasEnded        = "the order has ended and can't be cancelled any more"
		wasFixed        = "immutable: the deadline was fixed when the order was created"
	)
	for _, test := range []struct {
		name    string
		before  object
		outcome string
		after   object
		says    []string // what the refusal must say; none if the update is to be accepted
	}{
		{name: "an order can be suspended", after: object{"suspend": true}},
		{name: "an order can be resumed", before: object{"suspend": true}, after: object{"suspend": false}},
		{name: "an order that has ended can be suspended in vain", outcome: "Completed", after: object{"suspend": true}},

		{name: "an order can be cancelled", after: object{"cancellation": "Requested"}},
		{name: "an order can be cancelled from the start", before: object{"cancellation": "Requested"}, after: object{"cancellation": "Requested"}},
		{
			name: "a cancellation can't be withdrawn", before: object{"cancellation": "Requested"}, after: object{},
			says: []string{"spec.cancellation", noWayBack},
		},
		{
			name: "a cancellation can't be withdrawn after the end either", before: object{"cancellation": "Requested"},
			outcome: "Cancelled", after: object{}, says: []string{"spec.cancellation", noWayBack, "raise attempt"},
		},
		{name: "a cancelled order stays cancelled", before: object{"cancellation": "Requested"}, outcome: "Cancelled", after: object{"cancellation": "Requested", "suspend": true}},
		{
			name: "an order that is completed can't be cancelled", outcome: "Completed", after: object{"cancellation": "Requested"},
			says: []string{"spec.cancellation", hasEnded},
		},
		{
			name: "a cancellation is requested by one word", after: object{"cancellation": "Please"},
			says: []string{"spec.cancellation", `supported values: "Requested"`},
		},

		{name: "a cancelled order can be tried again", outcome: "Cancelled", after: object{"attempt": int64(2)}},
		{name: "a rejected order can be tried again", outcome: "Rejected", after: object{"attempt": int64(5)}},
		{
			name: "the update that raises attempt withdraws the cancellation", before: object{"cancellation": "Requested"},
			outcome: "Cancelled", after: object{"attempt": int64(2)},
		},
		{
			name: "the update that raises attempt must withdraw the cancellation", before: object{"cancellation": "Requested"},
			outcome: "Cancelled", after: object{"attempt": int64(2), "cancellation": "Requested"},
			says: []string{"spec.attempt", leaveOut},
		},
		{
			name: "the update that raises attempt must withdraw the resolution", before: object{"resolution": resolution(nil)},
			outcome: "Cancelled", after: object{"attempt": int64(2), "resolution": resolution(nil)},
			says: []string{"spec.attempt", leaveOut},
		},
		{name: "an order under way can't be tried again", after: object{"attempt": int64(2)}, says: []string{"spec.attempt", onlyAfterTheEnd}},
		{
			name: "a completed order can't be tried again", outcome: "Completed", after: object{"attempt": int64(2)},
			says: []string{"spec.attempt", onlyAfterTheEnd},
		},
		{
			name: "attempt can't be lowered", before: object{"attempt": int64(3)}, outcome: "Cancelled",
			after: object{"attempt": int64(2)}, says: []string{"spec.attempt", onlyRises},
		},
		{
			name: "attempt can't be left out once it was raised", before: object{"attempt": int64(3)}, outcome: "Cancelled",
			after: object{}, says: []string{"spec.attempt", onlyRises},
		},
		{name: "there is no attempt 0", after: object{"attempt": int64(0)}, says: []string{"spec.attempt", "greater than or equal to 1"}},

		{
			name: "a deadline can't be changed", before: object{"activeDeadlineSeconds": int64(60)},
			after: object{"activeDeadlineSeconds": int64(61)}, says: []string{"spec.activeDeadlineSeconds", wasFixed},
		},
		{name: "a deadline can't be set later", after: object{"activeDeadlineSeconds": int64(60)}, says: []string{"spec.activeDeadlineSeconds", wasFixed}},
		{
			name: "a deadline can't be removed", before: object{"activeDeadlineSeconds": int64(60)}, after: object{},
			says: []string{"spec.activeDeadlineSeconds", wasFixed},
		},
		{name: "the same deadline can be written again", before: object{"activeDeadlineSeconds": int64(60)}, after: object{"activeDeadlineSeconds": int64(60), "suspend": true}},

		{name: "a time to live can be set at any time", outcome: "Completed", after: object{"ttlSecondsAfterFinished": int64(0)}},
		{name: "a time to live can be removed", before: object{"ttlSecondsAfterFinished": int64(60)}, after: object{}},
		{
			name: "a time to live isn't negative", after: object{"ttlSecondsAfterFinished": int64(-1)},
			says: []string{"spec.ttlSecondsAfterFinished", "greater than or equal to 0"},
		},

		{name: "a question can be answered", after: object{"resolution": resolution(nil)}},
		{name: "an answer can be changed", before: object{"resolution": resolution(nil)}, after: object{"resolution": resolution(object{"action": "Skip"})}},
		{name: "an answer can be removed", before: object{"resolution": resolution(nil)}, after: object{}},
		{
			name: "force needs a reference", after: object{"resolution": resolution(object{"action": "Force"})},
			says: []string{"spec.resolution.reference", "Force needs the provider's reference"},
		},
		{name: "force with a reference", after: object{"resolution": resolution(object{"action": "Force", "reference": "re_1"})}},
		{name: "an answer names the question", after: object{"resolution": resolution(object{"attentionPosition": nil})}, says: []string{"spec.resolution.attentionPosition", "Required"}},
		{name: "an answer gives a reason", after: object{"resolution": resolution(object{"reason": nil})}, says: []string{"spec.resolution.reason", "Required"}},
		{name: "an answer names who decides", after: object{"resolution": resolution(object{"actor": nil})}, says: []string{"spec.resolution.actor", "Required"}},
		{
			name: "an answer is one of three", after: object{"resolution": resolution(object{"action": "Ignore"})},
			says: []string{"spec.resolution.action", `"Retry", "Skip", "Force"`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			order := withSpec(t, parse(t, newNamespace(t), orderManifest), test.before)
			if err := api.Create(t.Context(), order); err != nil {
				t.Fatal(err)
			}
			if test.outcome != "" {
				status := completedStatus()
				status["outcome"] = test.outcome
				if err := setStatus(t, order, status); err != nil {
					t.Fatal(err)
				}
			}
			changed := withSpec(t, parse(t, order.GetNamespace(), orderManifest), test.after)
			changed.SetResourceVersion(order.GetResourceVersion())
			err := api.Update(t.Context(), changed)
			if len(test.says) > 0 {
				wantRefusal(t, err, test.says...)
			} else if err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestAnOrdersDefaultsAreOneAttemptAndNoVerb(t *testing.T) {
	t.Parallel()
	spec := create(t, newNamespace(t), orderManifest).Object["spec"].(object)
	if spec["attempt"] != int64(1) {
		t.Errorf("got attempt %v, want 1", spec["attempt"])
	}
	for _, field := range []string{"cancellation", "suspend", "resolution", "activeDeadlineSeconds", "ttlSecondsAfterFinished"} {
		if value, ok := spec[field]; ok {
			t.Errorf("got %s %v, want none", field, value)
		}
	}
}

// withSpec adds the fields to the order's spec.
func withSpec(t *testing.T, order *unstructured.Unstructured, fields object) *unstructured.Unstructured {
	t.Helper()
	maps.Copy(order.Object["spec"].(object), fields)
	return order
}
