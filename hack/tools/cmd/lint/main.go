// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command lint is golangci-lint with kube-api-linter built in. golangci-lint's
// own way to add a linter ("custom") clones repositories at every build; a
// blank import here is pinned by go.sum like every other dependency.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/golangci/golangci-lint/v2/pkg/commands"
	"github.com/golangci/golangci-lint/v2/pkg/exitcodes"
	_ "sigs.k8s.io/kube-api-linter"
)

const linter = "github.com/golangci/golangci-lint/v2"

func main() {
	info := commands.BuildInfo{
		GoVersion: runtime.Version(),
		Version:   linterVersion(),
		Commit:    "hack/tools, with kube-api-linter,",
		Date:      "this machine",
	}
	if err := commands.Execute(info); err != nil {
		fmt.Fprintln(os.Stderr, "lint:", err)
		os.Exit(exitcodes.Failure)
	}
}

// linterVersion is the pinned version of golangci-lint, so that `lint version`
// tells what people know.
func linterVersion() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dep := range build.Deps {
		if dep.Path == linter {
			return strings.TrimPrefix(dep.Version, "v")
		}
	}
	return "unknown"
}
