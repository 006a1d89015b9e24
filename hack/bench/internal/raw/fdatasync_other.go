// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package raw

import "os"

func fdatasync(file *os.File) error { return file.Sync() }
