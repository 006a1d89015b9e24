// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package raw is what the disk and the databases can do at most: the limits that stores are compared with.
package raw

import "strings"

// rowBytes is the size of a row: an event of 300 bytes of JSON with its id, type, time, stream and metadata.
const rowBytes = 400

func text() string { return strings.Repeat("x", rowBytes) }
