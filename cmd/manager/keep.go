// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Backups in a folder are named by their time, so that they are in order.
const (
	backupName    = "events-20060102T150405Z.db"
	backupPattern = "events-[0-9]*T[0-9]*Z.db"
)

// target returns the file to make: one named by the time if a folder was named.
func target(to string, now time.Time) (file string, folder bool) {
	info, err := os.Stat(to)
	if err != nil || !info.IsDir() {
		return to, false
	}
	return filepath.Join(to, now.UTC().Format(backupName)), true
}

// keepLatest removes all but the latest backups of the folder.
func keepLatest(folder string, keep int) (removed []string, err error) {
	backups, err := filepath.Glob(filepath.Join(folder, backupPattern))
	if err != nil {
		return nil, fmt.Errorf("find older backups: %w", err)
	}
	slices.Sort(backups)
	for _, old := range backups[:max(0, len(backups)-keep)] {
		if err := os.Remove(old); err != nil {
			return removed, fmt.Errorf("remove an older backup: %w", err)
		}
		removed = append(removed, old)
	}
	return removed, nil
}
