// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import "zombiezen.com/go/sqlite/sqlitemigration"

// applicationID marks the file as one of ours: "EvCo".
const applicationID = 0x4576436f

// schema is the list of migrations, which is only ever appended to.
//
// An append in fenced_appends did not happen, and never will.
//
// An event's row holds everything that a reader needs: its streams stand in it as lines "version name", in the order
// given. memberships is the index by stream, of the events up to store.indexed. The insert triggers refuse gaps, and
// INSERT OR REPLACE, which would delete without asking the delete triggers. All triggers raise ROLLBACK, and inserts
// say OR ROLLBACK: with ABORT, SQLite keeps a journal for every statement, which doubles the CPU time of an append.
var schema = sqlitemigration.Schema{
	AppID: applicationID,
	Migrations: []string{`
CREATE TABLE store (
	singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
	store_id  BLOB    NOT NULL CHECK (length(store_id) = 16),
	epoch     INTEGER NOT NULL CHECK (epoch >= 1),
	fence     INTEGER NOT NULL
);
CREATE TABLE events (
	position       INTEGER PRIMARY KEY,
	id             BLOB    NOT NULL,
	type           TEXT    NOT NULL,
	schema_version INTEGER NOT NULL,
	recorded_at    INTEGER NOT NULL, -- microseconds since 1970, UTC
	metadata       TEXT    NOT NULL, -- JSON, empty if there is none
	streams        TEXT    NOT NULL,
	data           TEXT    NOT NULL
);
CREATE TABLE streams (
	id   INTEGER PRIMARY KEY,
	name TEXT    NOT NULL UNIQUE
);
CREATE TABLE memberships (
	stream   INTEGER NOT NULL,
	position INTEGER NOT NULL,
	version  INTEGER NOT NULL,
	PRIMARY KEY (stream, position)
) WITHOUT ROWID;

CREATE TRIGGER store_keeps_its_identity BEFORE UPDATE OF store_id ON store
BEGIN SELECT RAISE(ROLLBACK, 'the identity of a store never changes'); END;
CREATE TRIGGER store_stays BEFORE DELETE ON store
BEGIN SELECT RAISE(ROLLBACK, 'the identity of a store never changes'); END;
CREATE TRIGGER events_follow_the_head BEFORE INSERT ON events
WHEN NEW.position <> (SELECT coalesce(max(position), 0) + 1 FROM events)
BEGIN SELECT RAISE(ROLLBACK, 'an event is appended right after the head'); END;
CREATE TRIGGER streams_are_never_replaced BEFORE INSERT ON streams
WHEN EXISTS (SELECT 1 FROM streams WHERE name = NEW.name OR id = NEW.id)
BEGIN SELECT RAISE(ROLLBACK, 'streams are immutable'); END;
CREATE TRIGGER memberships_precede_their_event BEFORE INSERT ON memberships
WHEN NEW.position <= (SELECT max(position) FROM events)
BEGIN SELECT RAISE(ROLLBACK, 'the streams of an event never change'); END;
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN SELECT RAISE(ROLLBACK, 'events are immutable'); END;
CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN SELECT RAISE(ROLLBACK, 'events are immutable'); END;
CREATE TRIGGER streams_never_change BEFORE UPDATE ON streams
BEGIN SELECT RAISE(ROLLBACK, 'streams are immutable'); END;
CREATE TRIGGER streams_stay BEFORE DELETE ON streams
BEGIN SELECT RAISE(ROLLBACK, 'streams are immutable'); END;
CREATE TRIGGER memberships_never_change BEFORE UPDATE ON memberships
BEGIN SELECT RAISE(ROLLBACK, 'memberships are immutable'); END;
CREATE TRIGGER memberships_stay BEFORE DELETE ON memberships
BEGIN SELECT RAISE(ROLLBACK, 'memberships are immutable'); END;

CREATE TABLE read_models (
	id         INTEGER PRIMARY KEY,
	name       TEXT    NOT NULL UNIQUE,
	checkpoint INTEGER NOT NULL
);
CREATE TABLE documents (
	model INTEGER NOT NULL,
	key   TEXT    NOT NULL,
	value BLOB    NOT NULL,
	UNIQUE (model, key)
);
`, `
ALTER TABLE events ADD COLUMN append_id BLOB; -- in the first event of an append
ALTER TABLE store ADD COLUMN cluster TEXT NOT NULL DEFAULT ''; -- that it serves
CREATE TABLE fenced_appends (
	id BLOB PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE commands (
	id             TEXT    PRIMARY KEY,
	content        BLOB    NOT NULL CHECK (length(content) = 32),
	first_position INTEGER NOT NULL,
	last_position  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER commands_are_never_replaced BEFORE INSERT ON commands
WHEN EXISTS (SELECT 1 FROM commands WHERE id = NEW.id)
BEGIN SELECT RAISE(ROLLBACK, 'commands are immutable'); END;
CREATE TRIGGER commands_never_change BEFORE UPDATE ON commands
BEGIN SELECT RAISE(ROLLBACK, 'commands are immutable'); END;
CREATE TRIGGER commands_stay BEFORE DELETE ON commands
BEGIN SELECT RAISE(ROLLBACK, 'commands are immutable'); END;
`, `
ALTER TABLE store ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;
UPDATE store SET indexed = (SELECT coalesce(max(position), 0) FROM events);
DROP TRIGGER memberships_precede_their_event;
CREATE TRIGGER memberships_follow_the_index BEFORE INSERT ON memberships
WHEN NEW.position <= (SELECT indexed FROM store)
BEGIN SELECT RAISE(ROLLBACK, 'the streams of an event never change'); END;
CREATE TRIGGER the_index_only_grows BEFORE UPDATE OF indexed ON store
WHEN NEW.indexed < OLD.indexed OR NEW.indexed > (SELECT max(position) FROM events)
BEGIN SELECT RAISE(ROLLBACK, 'the index only grows'); END;
`},
}
