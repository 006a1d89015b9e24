// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

// LabelRestored on an Order says that it was restored from a backup, with any value. An Order with it that the event store
// does not know is held until spec.suspend is set to false, or the label is removed: it may have been carried out, and
// paid, in a history that is lost. LabelRestoredByVelero, which Velero sets, means the same.
const (
	LabelRestored         = "commerce.eventcore.dev/restored"
	LabelRestoredByVelero = "velero.io/restore-name"
)
