// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import "time"

// fromNow returns the moment until which a reader may take what is sent: connections know no other clock.
func fromNow(span time.Duration) time.Time { return time.Now().Add(span) }
