// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"syscall"
	"time"
)

// CPU is what DriveCPU counts: milliseconds of all threads of this process. A database server's are its own.
const CPU = "ms CPU"

// DriveCPU is Drive, and counts the CPU time of this process: a busy machine changes that less than it does rates.
func DriveCPU(ctx context.Context, workers int, length time.Duration, step Step) (Result, error) {
	before, err := cpu()
	if err != nil {
		return Result{}, err
	}
	result, err := Drive(ctx, workers, length, step)
	if err != nil {
		return result, err
	}
	after, err := cpu()
	result.Use(CPU, float64(after-before)/float64(time.Millisecond))
	return result, err
}

// cpu is how long this process has worked so far.
func cpu() (time.Duration, error) {
	usage := syscall.Rusage{}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
