// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Output runs the command on a terminal of its own, and returns what it shows there, with the ends of lines as they were
// written.
func Output(command *exec.Cmd) (string, error) {
	mine, theirs, err := open()
	if err != nil {
		return "", fmt.Errorf("open a terminal: %w", err)
	}
	defer func() { _ = mine.Close() }()
	command.Stdin, command.Stdout, command.Stderr = theirs, theirs, theirs
	if err := command.Start(); err != nil {
		return "", errors.Join(err, theirs.Close())
	}
	_ = theirs.Close() // the process has its own
	shown, err := io.ReadAll(mine)
	if errors.Is(err, syscall.EIO) { // how Linux says that nobody has the other side any more
		err = nil
	}
	return strings.ReplaceAll(string(shown), "\r\n", "\n"), errors.Join(err, command.Wait())
}

// open returns both sides of a terminal.
func open() (mine, theirs *os.File, err error) {
	if mine, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	descriptor := int(mine.Fd())
	if err := unix.IoctlSetPointerInt(descriptor, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, errors.Join(err, mine.Close())
	}
	number, err := unix.IoctlGetInt(descriptor, unix.TIOCGPTN)
	if err != nil {
		return nil, nil, errors.Join(err, mine.Close())
	}
	if theirs, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, nil, errors.Join(err, mine.Close())
	}
	return mine, theirs, nil
}
