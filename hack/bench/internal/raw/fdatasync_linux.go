// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package raw

import (
	"os"
	"syscall"
)

func fdatasync(file *os.File) error { return syscall.Fdatasync(int(file.Fd())) }
