// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// colour is a calm one, for terminals only.
type colour string

const (
	plain  colour = ""
	green  colour = "\x1b[32m"
	yellow colour = "\x1b[33m"
	red    colour = "\x1b[31m"
	faint  colour = "\x1b[2m"
	bold   colour = "\x1b[1m"
	reset         = "\x1b[0m"
)

// screen is what the audience sees. It may be used concurrently.
type screen struct {
	mu      sync.Mutex
	out     io.Writer
	colours bool
}

// newScreen uses colours if the file is a terminal and nobody asks for none (https://no-color.org).
func newScreen(file *os.File) *screen {
	s := &screen{out: file}
	if info, err := file.Stat(); err == nil && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
		s.colours = info.Mode()&os.ModeCharDevice != 0
	}
	return s
}

func (s *screen) paint(c colour, text string) string {
	if !s.colours || c == plain {
		return text
	}
	return string(c) + text + reset
}

// Write implements io.Writer.
func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(text)
}

// say prints a line.
func (s *screen) say(c colour, format string, arguments ...any) {
	_, _ = fmt.Fprintln(s, s.paint(c, fmt.Sprintf(format, arguments...)))
}

// title begins a scene.
func (s *screen) title(text string) { s.say(bold, "\n%s", text) }

// change prints that something happened to an object.
func (s *screen) change(at time.Time, name string, c colour, text string) {
	_, _ = fmt.Fprintf(s, "%s  %-29s %s\n", s.paint(faint, at.Local().Format("15:04:05.000")), name, s.paint(c, text))
}
