// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package column

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/eventcore/order-operator/eventcore"
)

// field is one of Metadata's, with what stands before it in JSON. The one that is no text is Causation.
type field struct {
	label string
	text  func(*eventcore.Metadata) *string
}

// fields are those of Metadata in the order in which encoding/json writes them.
var fields = []field{
	{`"commandType":`, func(m *eventcore.Metadata) *string { return &m.CommandType }},
	{`"commandID":`, func(m *eventcore.Metadata) *string { return &m.CommandID }},
	{`"correlationID":`, func(m *eventcore.Metadata) *string { return &m.CorrelationID }},
	{`"causation":`, nil},
	{`"actor":`, func(m *eventcore.Metadata) *string { return &m.Actor }},
	{`"traceContext":`, func(m *eventcore.Metadata) *string { return &m.TraceContext }},
}

// EncodeMetadata returns JSON, and nothing for metadata without content.
//
// Every event that is written has metadata, and every one that is read: encoding/json would take a third of the time of
// both. Plain text, which is all that programs usually put there, is copied; anything else is left to encoding/json.
func EncodeMetadata(metadata *eventcore.Metadata) (string, error) {
	if *metadata == (eventcore.Metadata{}) {
		return "", nil
	}
	plain := make([]byte, 0, 256)
	for _, f := range fields {
		var known bool
		if plain, known = f.append(plain, metadata); !known {
			text, err := json.Marshal(metadata)
			return string(text), err
		}
	}
	plain[0] = '{'
	return string(append(plain, '}')), nil
}

// append adds a comma, the label and the value, unless the field is empty. It reports false for what needs escapes.
func (f field) append(plain []byte, metadata *eventcore.Metadata) ([]byte, bool) {
	if f.text == nil {
		if metadata.Causation != 0 {
			plain = append(append(plain, ','), f.label...)
			plain = strconv.AppendUint(plain, uint64(metadata.Causation), 10)
		}
		return plain, true
	}
	value := *f.text(metadata)
	if value == "" {
		return plain, true
	}
	plain = append(append(plain, ','), f.label...)
	plain = append(append(append(plain, '"'), value...), '"')
	return plain, isPlain(value)
}

// isPlain reports whether encoding/json writes the value as it is.
func isPlain(value string) bool {
	for i := range len(value) {
		switch c := value[i]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

// DecodeMetadata is the inverse of EncodeMetadata.
func DecodeMetadata(text string) (eventcore.Metadata, error) {
	metadata := eventcore.Metadata{}
	if text == "" || decodePlain(text, &metadata) {
		return metadata, nil
	}
	metadata = eventcore.Metadata{}
	err := json.Unmarshal([]byte(text), &metadata)
	return metadata, err
}

// decodePlain decodes what EncodeMetadata has copied. It reports false for anything else.
func decodePlain(text string, metadata *eventcore.Metadata) bool {
	rest, open := strings.CutPrefix(text, "{")
	for _, f := range fields {
		value, found := strings.CutPrefix(rest, f.label)
		if !found {
			continue
		}
		var known bool
		if rest, known = f.cut(value, metadata); !known || !open {
			return false
		}
		rest, open = strings.CutPrefix(rest, ",")
		if !open {
			return rest == "}"
		}
	}
	return false
}

// cut takes the value from the beginning of text, and returns the rest. It reports false for a value that is not plain.
func (f field) cut(text string, metadata *eventcore.Metadata) (rest string, known bool) {
	if f.text == nil {
		end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
		if end < 1 || text[0] == '0' {
			return text, false
		}
		number, err := strconv.ParseUint(text[:end], 10, 64)
		metadata.Causation = eventcore.Position(number)
		return text[end:], err == nil
	}
	if text, known = strings.CutPrefix(text, `"`); !known {
		return text, false
	}
	value, rest, known := strings.Cut(text, `"`)
	*f.text(metadata) = value
	return rest, known && isPlain(value)
}
