// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// statements are the texts of all statements, with the schema's name in them.
type statements struct {
	schema   string
	replacer *strings.Replacer

	createSchema, selectSchemaVersion, insertSchemaVersion, insertHead, selectIdentity  string
	selectHead, lockHead, lookUp, insert, raiseFence, findAppend, fenceOff, findCommand string
	bind, selectCluster, adopt, raiseEpoch                                              string
	scan, byStreams, expand, index                                                      string
	selectCheckpoint, selectDocument, selectDocuments, updateModel                      string
}

func newStatements(schema string) *statements {
	quoted := pgx.Identifier{schema}.Sanitize()
	s := &statements{schema: schema, replacer: strings.NewReplacer("{schema}", quoted, "{columns}", eventColumns)}
	s.createSchema = s.named(createSchema)
	s.selectSchemaVersion = s.named("SELECT coalesce(max(version), 0) FROM {schema}.migrations")
	s.insertSchemaVersion = s.named("INSERT INTO {schema}.migrations (version) VALUES ($1)")
	s.insertHead = s.named(insertHead)
	s.selectIdentity = s.named("SELECT position, streams, fence, store_id, epoch FROM {schema}.head")
	s.selectHead = s.named("SELECT position FROM {schema}.head")
	s.lockHead = s.named("SELECT set_config('idle_in_transaction_session_timeout', '10s', true) FROM {schema}.head FOR UPDATE")
	s.lookUp = s.named(lookUp)
	s.insert = s.named(insert)
	s.raiseFence = s.named("UPDATE {schema}.head SET fence = fence + 1")
	s.findAppend = s.named(findAppend)
	s.fenceOff = s.named(fenceOff)
	s.bind = s.named("UPDATE {schema}.head SET cluster = $1 WHERE cluster = ''")
	s.selectCluster = s.named("SELECT cluster FROM {schema}.head")
	s.adopt = s.named("UPDATE {schema}.head SET cluster = $1")
	s.raiseEpoch = s.named("UPDATE {schema}.head SET epoch = epoch + 1 RETURNING epoch")
	s.findCommand = s.named("SELECT content, first_position, last_position FROM {schema}.commands WHERE id = $1")
	s.scan = s.named(pageOf(scan))
	s.byStreams = s.named(pageOf(byStreams))
	s.expand = s.named(expand)
	s.index = s.named(index)
	s.selectCheckpoint = s.named("SELECT checkpoint FROM {schema}.read_models WHERE name = $1")
	s.selectDocument = s.named(selectDocument)
	s.selectDocuments = s.named(selectDocuments)
	s.updateModel = s.named(updateModel)
	return s
}

func (s *statements) named(text string) string { return s.replacer.Replace(text) }

const (
	createSchema = `
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE {schema}.migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`
	insertHead = `
INSERT INTO {schema}.head (position, streams, fence, store_id, epoch) VALUES (0, 0, 0, $1::uuid, 1)
ON CONFLICT DO NOTHING`

	// The planner is told that there is one head row: it would take an empty-looking table for a large one.
	//
	// lookUp returns the head row, whether the append is fenced off, the commands that are known, and the ids and versions
	// of streams: a row for each name, in their order.
	lookUp = `
SELECT
	head.position, head.streams, head.fence, EXISTS (SELECT FROM {schema}.fenced_appends WHERE id = $2::uuid),
	ARRAY(SELECT id FROM {schema}.commands WHERE id = ANY ($3::text[])), coalesce(found.id, 0), coalesce(found.version, 0)
FROM (SELECT * FROM {schema}.head LIMIT 1) AS head LEFT JOIN LATERAL (
	SELECT number, id, (
		SELECT version FROM {schema}.memberships WHERE stream = named.id ORDER BY position DESC LIMIT 1
	) AS version
	FROM (
		SELECT number, (SELECT id FROM {schema}.streams WHERE streams.name = given.name) AS id
		FROM unnest($1::text[]) WITH ORDINALITY AS given (name, number)
	) AS named
) AS found ON true
ORDER BY found.number`

	insert = `
SELECT {schema}.append(
	$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23
)`
	// fenceOff keeps an append from happening if the log, which must reach so far, does not have it after a position.
	fenceOff = `
INSERT INTO {schema}.fenced_appends (id)
SELECT $2::uuid
WHERE $1 <= (SELECT position FROM {schema}.head)
AND NOT EXISTS (SELECT FROM {schema}.events WHERE position > $1 AND append_id = $2::uuid)
ON CONFLICT DO NOTHING`
	findAppend = `
SELECT head.position, coalesce((
	SELECT position FROM {schema}.events WHERE position > $1 AND append_id = $2::uuid ORDER BY position LIMIT 1
), 0)
FROM {schema}.head`

	// expand returns the head, and for each prefix the first streams at or after it in the order of their bytes.
	expand = `
SELECT head.position, coalesce(given.number, 0), coalesce(found.name, '')
FROM (SELECT * FROM {schema}.head LIMIT 1) AS head
LEFT JOIN unnest($1::text[]) WITH ORDINALITY AS given (prefix, number) ON true
LEFT JOIN LATERAL (
	SELECT name FROM {schema}.streams WHERE name >= given.prefix ORDER BY name LIMIT $2
) AS found ON true
ORDER BY given.number, found.name`

	scan = `
SELECT {columns} FROM {schema}.events
WHERE position > $1 AND position <= $2
AND ($5::text[] IS NULL OR type = ANY ($5)) AND ($6::text[] IS NULL OR streams LIKE ANY ($6))
ORDER BY position LIMIT $3`
	// byStreams merges the streams' positions, of each no more than fit into the page.
	byStreams = `
SELECT {columns} FROM (
	SELECT DISTINCT entry.position FROM {schema}.streams CROSS JOIN LATERAL (
		SELECT memberships.position FROM {schema}.memberships
		WHERE stream = streams.id AND memberships.position > $1 AND memberships.position <= $2
		ORDER BY memberships.position LIMIT $3
	) AS entry
	WHERE streams.name = ANY ($5::text[]) ORDER BY entry.position LIMIT $3
) AS entries JOIN {schema}.events USING (position)
ORDER BY position`
	// index reads on after an entry. A stream that has no name any more shows as one without.
	index = `
SELECT
	entry.stream, entry.position, entry.version,
	coalesce((SELECT name FROM {schema}.streams WHERE streams.id = entry.stream), '')
FROM {schema}.memberships AS entry
WHERE (entry.stream, entry.position) > ($1, $2)
AND (entry.position <= $3 OR entry.position > (SELECT coalesce(max(position), 0) FROM {schema}.events))
ORDER BY entry.stream, entry.position LIMIT $4`
)

// pageOf cuts a page after $4 bytes of payloads, and adds the head to its rows. It is one snapshot.
func pageOf(rows string) string {
	return `
SELECT {columns}, (SELECT position FROM {schema}.head) AS head FROM (
	SELECT *, sum(octet_length(data)) OVER (ORDER BY position ROWS UNBOUNDED PRECEDING) - octet_length(data) AS before
	FROM (` + rows + `) AS page
) AS sized
WHERE before < $4 ORDER BY position`
}
