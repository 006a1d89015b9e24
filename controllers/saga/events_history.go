// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

// RollbackSuspected says that events are missing which there were: the store was restored from an older backup, or has failed
// over to a replica that lacked them. Nothing is done in the epoch any more.
type RollbackSuspected struct {
	Epoch  int64  `json:"epoch"`
	Reason string `json:"reason"`
}

// RollbackAccepted says that a person has accepted the loss. The epoch begins, in which every payment that is open or missing
// is looked up.
type RollbackAccepted struct {
	Epoch int64 `json:"epoch"`
}

// CallDoubted says that the part of the history which was lost may have held the call: it is looked up as if the process
// that made it had died, before anything else is done about the step.
type CallDoubted struct {
	Step string `json:"step"`
	Call Call   `json:"call"`
}
