// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// WithCommandID gives the command an id that is unique in the store for ever. Executed again under it, from any
// process, a command that has appended events returns its first receipt. One that was refused or had nothing to do left
// no trace, and is decided anew. The same id with another content, the command's type and JSON, is ErrCommandReused: a
// field that may differ, such as the time, is tagged json:"-". A store without CommandStore has errors.ErrUnsupported.
func WithCommandID(id string) ExecuteOption {
	return func(r *request) { r.entry.ID, r.identified = id, true }
}

// identify fills in the entry of a command with an id.
func (r *request) identify() error {
	id := r.entry.ID
	if id == "" || !utf8.ValidString(id) || utf8.RuneCountInString(id) > MaxStreamIDLength {
		return fmt.Errorf("command id %q: want 1 to %d characters of UTF-8", id, MaxStreamIDLength)
	}
	content, err := json.Marshal(r.command)
	if err != nil {
		return fmt.Errorf("command id %q: encode the command's content: %w", id, err)
	}
	r.metadata.CommandID = id
	r.entry.Content = sha256.Sum256(slices.Concat([]byte(r.metadata.CommandType), []byte{0}, content))
	return nil
}

// once executes a command with an id. Whether the id is known is asked first, and checked at the commit, also of a
// command that appends nothing: the state after its own events might make it refuse.
func (e *Executor) once(ctx context.Context, r *request) (Receipt, error) {
	commands, ok := e.store.(CommandStore)
	if !ok {
		return Receipt{}, fmt.Errorf("command ids: %w by %T", errors.ErrUnsupported, e.store)
	}
	if err := r.identify(); err != nil {
		return Receipt{}, err
	}
	for range 2 {
		record, known, err := commands.FindCommand(ctx, r.entry.ID)
		if err != nil {
			return Receipt{}, fmt.Errorf("look for command id %q: %w", r.entry.ID, err)
		}
		if known {
			return e.firstReceipt(ctx, r, record)
		}
		if a := e.execute(ctx, r); !a.repeated {
			return a.receipt, a.err
		}
	}
	return Receipt{}, fmt.Errorf("command id %q is known to the store, which cannot find it", r.entry.ID)
}

// firstReceipt reads what the command appended when it was executed for the first time.
func (e *Executor) firstReceipt(ctx context.Context, r *request, record CommandRecord) (Receipt, error) {
	if record.Content != r.entry.Content {
		return Receipt{}, fmt.Errorf("%w: %q of %s", ErrCommandReused, r.entry.ID, r.metadata.CommandType)
	}
	receipt := Receipt{Position: record.Last}
	for event, err := range e.store.Read(ctx, Query{After: record.First - 1}) {
		if err == nil {
			err = e.registry.Decode(&event)
		}
		if err != nil {
			return Receipt{}, fmt.Errorf("read the first receipt of command id %q: %w", r.entry.ID, err)
		}
		receipt.Events = append(receipt.Events, event)
		if event.Position >= record.Last {
			break
		}
	}
	return receipt, nil
}

// entries are the commands with ids in the batch, for the store to check and to record.
func (b *batch) entries() []CommandEntry {
	var entries []CommandEntry
	for _, d := range b.decisions {
		if d.request.identified {
			entry := d.request.entry
			entry.From, entry.To = d.from, d.to
			entries = append(entries, entry)
		}
	}
	return entries
}

// holds reports whether a command with the same id is in the batch already.
func (b *batch) holds(r *request) bool {
	return r.identified && slices.ContainsFunc(b.decisions, func(d decision) bool {
		return d.request.identified && d.request.entry.ID == r.entry.ID
	})
}

// withoutKnown answers the requests whose command ids the conflict names: their callers look for the first receipt.
func withoutKnown(requests []*request, err error) []*request {
	conflict, ok := errors.AsType[*ConflictError](err)
	if !ok || len(conflict.Commands) == 0 {
		return requests
	}
	return slices.DeleteFunc(requests, func(r *request) bool {
		known := r.identified && slices.Contains(conflict.Commands, r.entry.ID)
		if known {
			r.answer <- answer{repeated: true}
		}
		return known
	})
}
