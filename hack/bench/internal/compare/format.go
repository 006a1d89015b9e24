// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// write writes a row of a table; an error comes back from Flush.
func write(w io.Writer, cells ...string) { _, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) }

func formatRate(rate float64) string {
	if rate < 100 {
		return fmt.Sprintf("%.1f/s", rate)
	}
	return Count(int64(math.Round(rate))) + "/s"
}

// Count writes a number with commas.
func Count[N int | int64](count N) string {
	digits := strconv.FormatInt(int64(count), 10)
	for comma := len(digits) - 3; comma > 0; comma -= 3 {
		digits = digits[:comma] + "," + digits[comma:]
	}
	return digits
}

// formatSeconds keeps three digits; 0 stands for what was not measured.
func formatSeconds(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	for unit := time.Duration(1); unit <= time.Second; unit *= 10 {
		if d < 1000*unit {
			d = d.Round(unit)
			break
		}
	}
	if d == 0 {
		return "-"
	}
	return d.String()
}

func formatAmount(amount float64) string { return fmt.Sprintf("%.3g", amount) }

func formatRatio(ratio float64) string { return fmt.Sprintf("%.3gx", ratio) }
