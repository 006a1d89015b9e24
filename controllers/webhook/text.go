// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxMessage bounds what a provider may say, in bytes.
	maxMessage = 256
	// shortestSecret is what is looked for in texts: shorter ones are part of any text.
	shortestSecret = 4
	redacted       = "The provider's message was left out, because it repeated a secret"
	// anyCode stands for a code of another form.
	anyCode = "refused"
)

var (
	codes      = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	references = regexp.MustCompile(`^[!-~]{1,255}$`)
)

// IsReference reports whether the text may be a provider's id of something: 1 to 255 visible ASCII characters.
func IsReference(text string) bool { return references.MatchString(text) }

// cleanCode returns the code if it has the form of one and holds none of the secrets.
func cleanCode(code string, secrets ...string) string {
	if !codes.MatchString(code) || redact(code, secrets) != code {
		return anyCode
	}
	return code
}

// clean makes one short line of a text by strangers, without the secrets, which are looked for as they would be seen.
func clean(text string, secrets ...string) string {
	return cut(redact(line(text), secrets), maxMessage)
}

// line leaves out control characters, invisible ones, and all but single spaces.
func line(text string) string {
	return strings.Join(strings.Fields(strings.Map(visible, strings.ToValidUTF8(text, ""))), " ")
}

func visible(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsPrint(r):
		return r
	}
	return -1
}

// redact looks for the secrets in whatever case, and gives the whole text up if it finds one: who quotes a secret once
// may spell it in other ways beside it.
func redact(text string, secrets []string) string {
	for _, secret := range secrets {
		secret = line(secret)
		if len(secret) >= shortestSecret && strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
			return redacted
		}
	}
	return text
}

// cut shortens the text to so many bytes, between characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const ellipsis = "…"
	end := most - len(ellipsis)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}
