// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/eventcore/order-operator/eventcore/inspect"
)

// newFile lets write fill a file elsewhere, and gives it its name when it is complete and on the disk. It returns
// fs.ErrExist if there is a file of that name.
func newFile(path string, write func(file string) (inspect.Report, error)) (report inspect.Report, err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return report, errors.Join(err, fs.ErrExist)
	}
	// In a folder of its own, which nobody else can look into, and on the same disk.
	folder, err := os.MkdirTemp(filepath.Dir(path), ".backup-")
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	file, err := prepareFile(filepath.Join(folder, "events.db"))
	if err != nil {
		return report, err
	}
	if report, err = write(file); err != nil {
		return report, err
	}
	if err := syncToDisk(file); err != nil {
		return report, err
	}
	// A link, unlike a renaming, never takes the place of a file that came to be meanwhile.
	if err := os.Link(file, path); err != nil {
		return report, err
	}
	return report, syncToDisk(filepath.Dir(path))
}

func syncToDisk(path string) error {
	file, err := os.Open(path) //nolint:gosec // the operator names it.
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
