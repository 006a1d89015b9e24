// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// command is a command of the manuals, split into words.
type command struct {
	page  string
	words []string
}

func (c command) String() string { return filepath.Base(c.page) + ": " + strings.Join(c.words, " ") }

// documented returns the commands of the program in the manuals: in blocks of shell and in running text.
func documented(t *testing.T, program string) []command {
	t.Helper()
	if err := noteInputs(); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```(?:sh|bash)\n(.*?)```")
	inline := regexp.MustCompile("`((?:kubectl|make|manager) [^`]+)`")
	var found []command
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.ReplaceAll(content, []byte("\\\n"), nil)
		var lines []string
		for _, match := range block.FindAllSubmatch(content, -1) {
			lines = append(lines, strings.Split(string(match[1]), "\n")...)
		}
		for _, match := range inline.FindAllSubmatch(content, -1) {
			lines = append(lines, string(match[1]))
		}
		for _, line := range lines {
			if words, ok := commandOf(line, program); ok {
				found = append(found, command{page: page, words: words})
			}
		}
	}
	if len(found) == 0 {
		t.Fatalf("no manual uses %s", program)
	}
	return found
}

// quoted is what a shell reads as a part of one word.
var quoted = regexp.MustCompile(`'[^']*'`)

// commandOf returns the words of the program's command in the line, without what follows it.
func commandOf(line, program string) ([]string, bool) {
	line = quoted.ReplaceAllStringFunc(line, func(text string) string {
		return strings.NewReplacer(" ", "_", "|", "_", ";", "_", "&&", "_", "#", "_").Replace(text)
	})
	line, _, _ = strings.Cut(line, " #")
	for part := range strings.SplitSeq(strings.NewReplacer("&&", "|", ";", "|", "$(", "|", ")", "", "-- /", "|").Replace(line), "|") {
		if words := strings.Fields(part); len(words) > 1 && words[0] == program {
			return words, true
		}
	}
	return nil, false
}

// TestTheManualsMakeTargetsAreThere looks for the targets and the folders that are given to them.
func TestTheManualsMakeTargetsAreThere(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range documented(t, "make") {
		for _, word := range c.words[1:] {
			name, value, assignment := strings.Cut(word, "=")
			switch {
			case strings.HasPrefix(word, "-"):
			case !assignment:
				if !bytes.Contains(content, []byte("\n"+word+":")) {
					t.Errorf("%s: there is no target %s", c, word)
				}
			case name == "OVERLAY" && value != "":
				wantPath(t, c, value)
			case !regexp.MustCompile(`(?m)^` + name + ` \?=|\$\(` + name + `\)|\$\{?` + name).Match(content):
				t.Errorf("%s: no target reads %s", c, name)
			}
		}
	}
}

// subcommands says how many words of a kubectl command follow its verb; of others none.
var subcommands = map[string]int{"create": 1, "rollout": 1, "auth": 1, "config": 1}

// TestTheManualsKubectlCommandsAreThere asks kubectl for the help of each command, which must know all flags.
func TestTheManualsKubectlCommandsAreThere(t *testing.T) {
	global := string(kubectl(t, nil, "options"))
	helps := map[string]string{}
	for _, c := range documented(t, "kubectl") {
		verbs, flags := splitFlags(c.words[1:])
		if len(verbs) == 0 || verbs[0] == "order" { // the plugin
			continue
		}
		name := verbs[:min(len(verbs), 1+subcommands[verbs[0]])]
		if len(verbs) > 1 && verbs[1] == "secret" {
			name = verbs[:3]
		}
		key := strings.Join(name, " ")
		if helps[key] == "" {
			helps[key] = string(kubectl(t, nil, append(slices.Clone(name), "--help")...))
		}
		if !strings.Contains(helps[key], "kubectl "+key) {
			t.Errorf("%s: there is no kubectl %s", c, key)
		}
		for _, flag := range flags {
			if !strings.Contains(helps[key]+global, flag+"=") && !strings.Contains(helps[key]+global, flag+",") &&
				!strings.Contains(helps[key]+global, flag+" ") {
				t.Errorf("%s: kubectl %s knows no %s", c, key, flag)
			}
		}
		for i, word := range c.words[:len(c.words)-1] {
			if slices.Contains([]string{"--kustomize", "-k", "--filename", "-f"}, word) && strings.HasPrefix(c.words[i+1], "config/") {
				wantPath(t, c, c.words[i+1])
			}
		}
	}
}

// splitFlags tells the words of a command from its flags. Namespaces come before the command, too.
func splitFlags(words []string) (verbs, flags []string) {
	for i := 0; i < len(words); i++ {
		flag, _, assigned := strings.Cut(words[i], "=")
		switch {
		case !strings.HasPrefix(flag, "-") && len(flags) > 0 && len(verbs) > 1: // a value
		case !strings.HasPrefix(flag, "-"):
			verbs = append(verbs, words[i])
		default:
			flags = append(flags, flag)
			if !assigned && slices.Contains([]string{"-n", "--namespace"}, flag) {
				i++
			}
		}
	}
	return verbs, flags
}

// TestTheManualsManagerFlagsAreThere looks for the manager's commands and flags in their help.
func TestTheManualsManagerFlagsAreThere(t *testing.T) {
	for _, c := range documented(t, "manager") {
		usage, arguments := "manager", []string{"--help"}
		if subcommand := c.words[1]; !strings.HasPrefix(subcommand, "-") {
			usage, arguments = "manager "+subcommand, []string{subcommand, "--help"}
		}
		help, _ := exec.CommandContext(t.Context(), manager, arguments...).CombinedOutput()
		if !bytes.Contains(help, []byte(usage+" [flags]")) && !bytes.Contains(help, []byte(usage+" --")) {
			t.Errorf("%s: there is no %s", c, usage)
		}
		for _, word := range c.words[1:] {
			flag, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
			if strings.HasPrefix(word, "-") && flag != "help" && !regexp.MustCompile(`(?m)^  -`+flag+`\b`).Match(help) {
				t.Errorf("%s: the manager knows no --%s", c, flag)
			}
		}
	}
}

func wantPath(t *testing.T, c command, path string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, path)); err != nil {
		t.Errorf("%s: %v", c, err)
	}
}
