// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

// The image holds this program alone: what others read from the system's files is inside. Files that are there go first.
import (
	_ "time/tzdata" // the time zones, for TZ

	_ "golang.org/x/crypto/x509roots/fallback" // the certificates of public authorities, for providers
)
