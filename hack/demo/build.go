// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/eventcore/order-operator/hack/demo/internal/local"
)

// builder builds what the demo needs and says how far it is. The flags are those of "make build" and of the control plane, so that all
// share the Go cache.
type builder struct {
	root   string
	folder local.Folder
}

const examplePackage = "./examples/distributed-ecommerce"

// example builds the example, which takes no cluster, and plays it.
func (b builder) example(ctx context.Context) error {
	if err := b.build(ctx, "the example", examplePackage); err != nil {
		return err
	}
	fmt.Println("demo: playing the example, without a cluster: go run " + examplePackage)
	fmt.Println()
	run := b.command(ctx, "go", "run", "-trimpath", examplePackage)
	run.Stdout, run.Stderr = os.Stdout, os.Stderr
	if err := run.Run(); err != nil {
		return fmt.Errorf("play the example: %w", err)
	}
	fmt.Println()
	return nil
}

// controlPlane returns the folder of kube-apiserver and etcd. Whoever builds them shows how far he is.
func (b builder) controlPlane(ctx context.Context) (string, error) {
	var folder bytes.Buffer
	script := b.command(ctx, filepath.Join("hack", "controlplane", "build.sh"))
	script.Stdout, script.Stderr = &folder, os.Stderr
	if err := script.Run(); err != nil {
		return "", fmt.Errorf("build the control plane: %w", err)
	}
	return strings.TrimSpace(folder.String()), nil
}

// programs builds the operator and the stage.
func (b builder) programs(ctx context.Context) error {
	return b.build(ctx, "the operator", "./cmd/manager", "./hack/demo/stage")
}

// build builds the packages into the folder of programs.
func (b builder) build(ctx context.Context, what string, packages ...string) error {
	c := startCounter("demo: building " + what)
	defer c.stop()
	list := b.command(ctx, "go", append([]string{"list", "-deps"}, packages...)...)
	listed, err := list.Output()
	if err != nil {
		return failed(what, err, nil)
	}
	c.total.Store(int64(bytes.Count(listed, []byte("\n"))))
	build := b.command(ctx, "go", append([]string{"build", "-v", "-trimpath", "-o", b.folder.Programs() + string(filepath.Separator)}, packages...)...)
	stderr, err := build.StderrPipe()
	if err != nil {
		return err
	}
	if err := build.Start(); err != nil {
		return failed(what, err, nil)
	}
	complaints := c.count(stderr)
	if err := build.Wait(); err != nil {
		return failed(what, err, complaints)
	}
	return nil
}

func (b builder) command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	command := local.Command(ctx, name, arguments...)
	command.Dir = b.root
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	return command
}

func failed(what string, err error, complaints []string) error {
	return fmt.Errorf("build %s: %w\n%s", what, err, strings.Join(complaints, "\n"))
}

// counter shows how many packages are compiled: a moving line on a terminal, and a line every five seconds elsewhere.
type counter struct {
	title    string
	total    atomic.Int64
	done     atomic.Int64
	begin    time.Time
	terminal bool
	quit     chan struct{}
	gone     chan struct{}
}

func startCounter(title string) *counter {
	c := &counter{title: title, begin: time.Now(), quit: make(chan struct{}), gone: make(chan struct{})}
	if info, err := os.Stdout.Stat(); err == nil {
		c.terminal = info.Mode()&os.ModeCharDevice != 0
	}
	fmt.Print(title)
	if !c.terminal {
		fmt.Println()
	}
	go c.run()
	return c
}

func (c *counter) run() {
	defer close(c.gone)
	every := 5 * time.Second
	if c.terminal {
		every = 200 * time.Millisecond
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-c.quit:
			return
		case <-ticker.C:
			if c.terminal {
				fmt.Print("\r" + c.line() + " ")
			} else {
				fmt.Println(c.line())
			}
		}
	}
}

// line tells how far the build is. A warm Go cache leaves packages out, hence "up to".
func (c *counter) line() string {
	return fmt.Sprintf("%s: %d of up to %d packages, %d s", c.title, c.done.Load(), c.total.Load(), int(time.Since(c.begin).Seconds()))
}

func (c *counter) stop() {
	close(c.quit)
	<-c.gone
	if c.terminal {
		fmt.Print("\r" + c.line() + "\n")
	}
}

// count counts the packages that "go build -v" names, one a line without blanks, and returns the other lines: downloads and complaints.
func (c *counter) count(output io.Reader) (others []string) {
	scanner := bufio.NewScanner(output)
	for scanner.Scan() {
		line := scanner.Text()
		if line != "" && !strings.ContainsAny(line, " #") {
			c.done.Add(1)
		} else if !strings.HasPrefix(line, "go: downloading") {
			others = append(others, line)
		}
	}
	return others
}
