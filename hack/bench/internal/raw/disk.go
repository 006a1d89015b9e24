// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package raw

import "os"

// Disk is a file that grows by a block at a time, each on the disk before the next.
type Disk struct {
	file  *os.File
	block []byte
}

// OpenDisk creates the file.
func OpenDisk(path string) (*Disk, error) {
	file, err := os.Create(path) //nolint:gosec // in the lab
	if err != nil {
		return nil, err
	}
	return &Disk{file: file, block: make([]byte, 4096)}, nil
}

// Extend writes a block.
func (d *Disk) Extend() error {
	if _, err := d.file.Write(d.block); err != nil {
		return err
	}
	return fdatasync(d.file)
}

// Close closes the file.
func (d *Disk) Close() error { return d.file.Close() }
