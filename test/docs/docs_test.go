// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// blocks returns the page's blocks of code in the language.
func blocks(page, language string) []string {
	parts := strings.Split(page, "```"+language+"\n")[1:]
	for i := range parts {
		parts[i], _, _ = strings.Cut(parts[i], "```")
	}
	return parts
}

func TestTheGoOfTheManualsIsThatOfCodeThatIsCompiled(t *testing.T) {
	for page, sources := range map[string][]string{
		"docs/tutorial.md": {
			"examples/distributed-ecommerce/*.go", "controllers/*/engine/*.go", "controllers/saga/*.go", "controllers/runner/*.go",
		},
		"docs/extending.md": {"examples/fraud-check/*.go"},
	} {
		var code strings.Builder
		for _, pattern := range sources {
			files, err := filepath.Glob(filepath.Join(root, pattern))
			if err != nil || len(files) == 0 {
				t.Fatalf("no files match %s (%v)", pattern, err)
			}
			for _, file := range files {
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				code.WriteString(unindented(string(content)))
			}
		}
		shown := blocks(read(t, page), "go")
		if len(shown) < 3 {
			t.Errorf("%s has %d blocks of Go", page, len(shown))
		}
		for _, block := range shown {
			if !strings.Contains(code.String(), unindented(block)) {
				t.Errorf("%s: no code that is compiled holds this:\n%s", page, block)
			}
		}
	}
}

// unindented returns the code without white space at the beginnings and ends of lines.
func unindented(code string) string {
	lines := strings.Split(code, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

func TestTheSagasManualListsWhatTheSimulatedProvidersUnderstand(t *testing.T) {
	_, section, _ := strings.Cut(read(t, "docs/saga.md"), "\n## Simulated providers\n")
	section, _, _ = strings.Cut(section, "\n## ")
	listed := matches(section, "(?m)^\\| `([^`]+)` \\|")
	understood := matches(read(t, "controllers/payment/simulated/doc.go"), `\b(sim_[A-Za-z_]+)`)
	understood = append(understood, matches(read(t, "controllers/shipping/simulated/provider.go"), `"(SIM [A-Z ]+)"`)...)
	slices.Sort(listed)
	slices.Sort(understood)
	if !slices.Equal(slices.Compact(listed), slices.Compact(understood)) {
		t.Errorf("docs/saga.md lists\n%v, the simulated providers understand\n%v", listed, understood)
	}
	inCode := matches(read(t, "controllers/payment/simulated/tokens.go"), `"(sim_[a-z_]*[a-z])"`)
	for _, token := range inCode {
		if !slices.Contains(listed, token) {
			t.Errorf("docs/saga.md leaves %s out", token)
		}
	}
	codes := matches(section, "`([a-z_]+)` ?\\|")
	codes = append(codes, matches(section, "\\(`([a-z_]+)`\\)")...)
	providers := read(t, "controllers/payment/simulated/tokens.go") + read(t, "controllers/shipping/simulated/provider.go") +
		read(t, "controllers/shipping/engine/provider.go")
	for _, code := range codes {
		if !strings.HasPrefix(code, "sim_") && !strings.Contains(providers, `"`+code+`"`) {
			t.Errorf("docs/saga.md names the code %s, which no simulated provider answers", code)
		}
	}
}

// matches returns what the expression's group matches.
func matches(text, expression string) []string {
	var found []string
	for _, match := range regexp.MustCompile(expression).FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

func TestLinksBetweenTheManualsLeadSomewhere(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	readme := read(t, "README.md")
	for _, path := range append(pages, filepath.Join(root, "README.md")) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		prose := regexp.MustCompile("(?s)```.*?```|`[^`\n]*`").ReplaceAllString(string(content), "")
		for _, target := range matches(prose, `\]\(([^)#:]+)(?:#[^)]*)?\)`) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), target)); err != nil {
				t.Errorf("%s links to %s, which is not there", path, target)
			}
		}
		if name := filepath.Base(path); name != "README.md" && !strings.Contains(readme, "(docs/"+name+")") {
			t.Errorf("README.md does not link to docs/%s", name)
		}
	}
}

// TestTheCommandsOfBackupAndRecoveryAreThoseOfTheManager runs no backup: test/recovery does. Here flags and files must be there.
func TestTheCommandsOfBackupAndRecoveryAreThoseOfTheManager(t *testing.T) {
	page, program := read(t, "docs/backup-and-recovery.md"), read(t, "cmd/manager/commands.go")+read(t, "cmd/manager/options.go")
	shown := matches(page, `(?m)^ +manager (.+)$`)
	if len(shown) < 4 {
		t.Errorf("only %d commands", len(shown))
	}
	for _, command := range shown {
		name, flags, _ := strings.Cut(command, " ")
		if !strings.Contains(program, `"`+name+`": {`) {
			t.Errorf("there is no command %q", name)
		}
		for _, flag := range matches(flags, `--([a-z-]+)`) {
			if !strings.Contains(program, `"`+flag+`"`) {
				t.Errorf("manager %s has no flag --%s", name, flag)
			}
		}
	}
	for _, flag := range matches(page, "`--([a-z-]+)`") {
		if !strings.Contains(program, `"`+flag+`"`) {
			t.Errorf("the manager has no flag --%s", flag)
		}
	}
	for _, folder := range matches(page, ` -k (\S+)`) {
		if _, err := os.Stat(filepath.Join(root, folder, "kustomization.yaml")); err != nil {
			t.Error(err)
		}
	}
}
