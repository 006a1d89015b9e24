// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/eventcore/order-operator/cmd/kubectl-order/plugin"
)

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestWhatTheManualShowsIsWhatTheCommandsSay holds its blocks against the files that the plugin's tests compare with.
func TestWhatTheManualShowsIsWhatTheCommandsSay(t *testing.T) {
	files, err := filepath.Glob("plugin/testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files (%v)", err)
	}
	said := map[string]bool{}
	for _, file := range files {
		said[read(t, file)] = true
	}
	blocks := strings.Split(read(t, "../../docs/kubectl-order.md"), "```text\n")[1:]
	if len(blocks) < 8 {
		t.Errorf("the manual shows %d commands", len(blocks))
	}
	for _, block := range blocks {
		if shown, _, _ := strings.Cut(block, "```"); !said[shown] {
			t.Errorf("no command says\n%s", shown)
		}
	}
}

// TestTheManualsNameCommandsAndFlagsThatExist asks the plugin for the help of each.
func TestTheManualsNameCommandsAndFlagsThatExist(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	mention := regexp.MustCompile("kubectl order ([a-z]+)((?: [^`\n|#]*)?)")
	flag := regexp.MustCompile(`(?:^| )(--[a-z-]+|-[a-zA-Z])\b`)
	count := 0
	for _, page := range append(pages, "../../README.md") {
		for _, found := range mention.FindAllStringSubmatch(read(t, page), -1) {
			count++
			help := help(t, found[1])
			for _, used := range flag.FindAllStringSubmatch(found[2], -1) {
				if !strings.Contains(help, used[1]) {
					t.Errorf("%s: kubectl order %s has no %s", filepath.Base(page), found[1], used[1])
				}
			}
		}
	}
	if count < 10 {
		t.Errorf("the manuals name only %d commands", count)
	}
}

// help returns that of the command, and of the flags that all have.
func help(t *testing.T, command string) string {
	t.Helper()
	var out bytes.Buffer
	options := plugin.Options{
		Streams: genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &out, ErrOut: &out},
		Getenv:  os.Getenv, Clock: time.Now, Version: "test",
	}
	for _, arguments := range [][]string{{command, "--help"}, {"--help"}} {
		if code := plugin.Run(t.Context(), arguments, options); code != plugin.ExitOK {
			t.Fatalf("there is no kubectl order %s: %s", command, out.String())
		}
	}
	if !strings.Contains(out.String(), "kubectl order "+command+" ") {
		t.Errorf("there is no kubectl order %s", command)
	}
	return out.String()
}
