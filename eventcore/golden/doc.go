// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package golden tests that a program can read the events of all its past versions. Golden logs are files
// v1.jsonl, v2.jsonl and so on in a folder, each with events as one version of the program wrote them. They are
// written once, and never changed or deleted: whoever has a store from that time has events like these.
//
// Beside each, vN.today.jsonl holds what its events are read as. It changes when an upcaster or a type does, and a
// review of the change shows whether old facts keep their meaning: a field that was renamed by mistake is read as
// nothing, without an error.
package golden
