// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package open

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// SetAside gives the file of an SQLite store another name, with the suffix, and returns it: then the DSN names no store any more.
// Nobody may have the store open. It returns fs.ErrNotExist if there is no file, and errors.ErrUnsupported for
// a store of another kind.
func SetAside(dsn, suffix string) (string, error) {
	if err := Validate(dsn); err != nil {
		return "", err
	}
	path, ok := strings.CutPrefix(dsn, "sqlite:")
	if !ok {
		return "", fmt.Errorf("set the store aside: %w: rename the schema eventcore with psql instead", errors.ErrUnsupported)
	}
	aside := path + suffix
	if _, err := os.Lstat(aside); !errors.Is(err, fs.ErrNotExist) {
		return "", errors.Join(err, fmt.Errorf("set %s aside: %s: %w", path, aside, fs.ErrExist))
	}
	// The log of changes goes first: without it the database is not what it was.
	for _, part := range []string{"-wal", "-shm", ""} {
		err := os.Rename(path+part, aside+part)
		if err != nil && (part == "" || !errors.Is(err, fs.ErrNotExist)) {
			return "", fmt.Errorf("set %s aside: %w", path, err)
		}
	}
	return aside, nil
}
