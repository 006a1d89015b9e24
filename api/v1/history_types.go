// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

// History says up to which event of which history a status was projected. The
// API server refuses a status of an older position: a controller that lags
// behind, or one that was replaced and doesn't know it yet, can't turn a
// status back.
//
// +kubebuilder:validation:XValidation:rule="self.storeID != oldSelf.storeID || self.epoch > oldSelf.epoch || (self.epoch == oldSelf.epoch && self.position >= oldSelf.position)",message="must not go back within one store: read the object again and project the newer history"
type History struct {
	// storeID is the identity of the event store, set by the operator. It changes
	// when the operator is moved to another store.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	StoreID string `json:"storeID,omitempty"`

	// epoch is the store's epoch, set by the operator. It starts at 1 and rises
	// when an administrator accepts that the store was rolled back; positions of
	// different epochs don't compare.
	// +required
	// +kubebuilder:validation:Minimum=1
	Epoch int64 `json:"epoch,omitempty"`

	// position is the store's position of the last event that this status shows,
	// set by the operator. It only rises within one store and epoch.
	// +required
	// +kubebuilder:validation:Minimum=1
	Position int64 `json:"position,omitempty"`
}
