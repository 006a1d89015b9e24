// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

// migrations are the versions of the schema, from 1. The list is only ever appended to.
//
// An event's row holds everything that a reader needs: its streams stand in it as lines "version name", in the order
// given. memberships is the index by stream. append_id is set in the first event of an append; an append in
// fenced_appends did not happen, and never will, and the fence is raised with it. Stream ids are counted by the head
// row, so that an append knows those that it gives. Triggers fire always, also in sessions that replicate. That there
// is one head row is a trigger's matter, as a CHECK would be parsed anew for every append.
//
// Statistics are taken late: those of a nearly empty table would make the planner prefer to scan it, and a prepared
// statement would go on doing so while the table grows.
var migrations = []string{`
CREATE TABLE {schema}.head (
	singleton boolean PRIMARY KEY DEFAULT true,
	position  bigint  NOT NULL,
	streams   bigint  NOT NULL,
	fence     bigint  NOT NULL,
	store_id  uuid    NOT NULL,
	epoch     bigint  NOT NULL,
	cluster   text    NOT NULL DEFAULT '' -- that it serves
) WITH (fillfactor = 10);
CREATE TABLE {schema}.events (
	position       bigint      PRIMARY KEY,
	recorded_at    timestamptz NOT NULL,
	id             uuid        NOT NULL,
	append_id      uuid,
	schema_version bigint      NOT NULL,
	type           text        COLLATE "C" NOT NULL,
	metadata       text        NOT NULL, -- JSON, empty if there is none
	streams        text        COLLATE "C" NOT NULL,
	data           bytea       NOT NULL
) WITH (autovacuum_analyze_threshold = 100000, autovacuum_vacuum_insert_threshold = 100000);
CREATE TABLE {schema}.streams (
	id   bigint PRIMARY KEY,
	name text   COLLATE "C" NOT NULL UNIQUE
) WITH (autovacuum_analyze_threshold = 100000, autovacuum_vacuum_insert_threshold = 100000);
CREATE TABLE {schema}.memberships (
	stream   bigint NOT NULL,
	position bigint NOT NULL,
	version  bigint NOT NULL,
	PRIMARY KEY (stream, position)
) WITH (autovacuum_analyze_threshold = 100000, autovacuum_vacuum_insert_threshold = 100000);
CREATE TABLE {schema}.commands (
	id             text   COLLATE "C" PRIMARY KEY,
	content        bytea  NOT NULL CHECK (octet_length(content) = 32),
	first_position bigint NOT NULL,
	last_position  bigint NOT NULL
) WITH (autovacuum_analyze_threshold = 100000, autovacuum_vacuum_insert_threshold = 100000);
CREATE TABLE {schema}.fenced_appends (
	id uuid PRIMARY KEY
);

CREATE FUNCTION {schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% of % is refused: history is immutable', TG_OP, TG_TABLE_NAME; END $$;
CREATE TRIGGER head_is_one BEFORE INSERT ON {schema}.head FOR EACH ROW WHEN (NOT NEW.singleton)
	EXECUTE FUNCTION {schema}.refuse();
CREATE TRIGGER head_keeps_its_identity BEFORE UPDATE OF singleton, store_id ON {schema}.head
	EXECUTE FUNCTION {schema}.refuse();
CREATE TRIGGER head_stays BEFORE DELETE OR TRUNCATE ON {schema}.head
	EXECUTE FUNCTION {schema}.refuse();
CREATE TRIGGER events_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.events
	EXECUTE FUNCTION {schema}.refuse();
CREATE TRIGGER streams_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.streams
	EXECUTE FUNCTION {schema}.refuse();
CREATE TRIGGER memberships_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.memberships
	EXECUTE FUNCTION {schema}.refuse();
CREATE TRIGGER commands_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.commands
	EXECUTE FUNCTION {schema}.refuse();
CREATE TRIGGER fenced_appends_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.fenced_appends
	EXECUTE FUNCTION {schema}.refuse();
ALTER TABLE {schema}.head ENABLE ALWAYS TRIGGER head_is_one, ENABLE ALWAYS TRIGGER head_keeps_its_identity,
	ENABLE ALWAYS TRIGGER head_stays;
ALTER TABLE {schema}.events ENABLE ALWAYS TRIGGER events_never_change;
ALTER TABLE {schema}.streams ENABLE ALWAYS TRIGGER streams_never_change;
ALTER TABLE {schema}.memberships ENABLE ALWAYS TRIGGER memberships_never_change;
ALTER TABLE {schema}.commands ENABLE ALWAYS TRIGGER commands_never_change;
ALTER TABLE {schema}.fenced_appends ENABLE ALWAYS TRIGGER fenced_appends_never_change;

-- append writes events and returns the ids of the streams that guards were given for; or it writes nothing and returns
-- NULL, if the head is not where it should be, a guard does not hold, a command is known or the append is fenced off.
-- What is looked up before the head moves is right: whatever could change it would have moved the head or its fence. It
-- is a function because sessions keep its plans, which are costly, whatever pooler is in between.
--
-- It is run after every wait for the disk, with cold caches, and so each statement in it counts. What is rarely wanted
-- has an IF, as a plan is set up with all its parts. Elements are taken by their number: an unnest of many arrays would
-- put each into a store of its own. An assignment, unlike PERFORM, needs no statement.
CREATE FUNCTION {schema}.append(
	old_position bigint, old_fence bigint, new_position bigint, new_streams bigint, guard_names text[],
	guard_versions bigint[], stream_names text[], member_streams bigint[], member_positions bigint[],
	member_versions bigint[], event_ids uuid[], event_types text[], event_versions bigint[], event_times timestamptz[],
	event_metadata text[], event_streams text[], event_data bytea[], request_id uuid, command_ids text[],
	command_contents bytea[], command_firsts bigint[], command_lasts bigint[], channel text
) RETURNS bigint[] LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
	ids   bigint[] := '{}';
	holds boolean;
BEGIN
	IF old_fence > 0 AND EXISTS (SELECT FROM {schema}.fenced_appends WHERE id = request_id) THEN
		RETURN NULL;
	END IF;
	IF command_ids IS NOT NULL AND EXISTS (SELECT FROM {schema}.commands WHERE id = ANY (command_ids)) THEN
		RETURN NULL;
	END IF;
	IF guard_names IS NOT NULL THEN
		SELECT array_agg(coalesce(id, 0) ORDER BY number), bool_and(guarded_version = coalesce((
			SELECT version FROM {schema}.memberships WHERE stream = id ORDER BY position DESC LIMIT 1
		), 0))
		INTO ids, holds
		FROM (
			SELECT number, guarded_version, (SELECT id FROM {schema}.streams WHERE streams.name = given.name) AS id
			FROM unnest(guard_names, guard_versions) WITH ORDINALITY AS given (name, guarded_version, number)
		) AS guarded;
		IF NOT holds THEN
			RETURN NULL;
		END IF;
	END IF;
	UPDATE {schema}.head SET position = new_position, streams = new_streams
	WHERE position = old_position AND fence = old_fence;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	INSERT INTO {schema}.events (position, append_id, id, type, schema_version, recorded_at, metadata, streams, data)
	SELECT
		old_position + n, CASE WHEN n = 1 THEN request_id END, event_ids[n], event_types[n], event_versions[n],
		event_times[n], event_metadata[n], event_streams[n], event_data[n]
	FROM (SELECT generate_series(1, cardinality(event_ids)) AS n) AS numbers;
	IF stream_names IS NOT NULL THEN
		INSERT INTO {schema}.streams (id, name)
		SELECT new_streams - cardinality(stream_names) + n, stream_names[n]
		FROM (SELECT generate_series(1, cardinality(stream_names)) AS n) AS numbers;
	END IF;
	INSERT INTO {schema}.memberships (stream, position, version)
	SELECT
		CASE WHEN member_streams[n] > 0 THEN member_streams[n] ELSE ids[-member_streams[n]] END, member_positions[n],
		member_versions[n]
	FROM (SELECT generate_series(1, cardinality(member_streams)) AS n) AS numbers;
	IF command_ids IS NOT NULL THEN
		INSERT INTO {schema}.commands (id, content, first_position, last_position)
		SELECT command_ids[n], command_contents[n], command_firsts[n], command_lasts[n]
		FROM (SELECT generate_series(1, cardinality(command_ids)) AS n) AS numbers
		WHERE command_firsts[n] <= command_lasts[n];
	END IF;
	channel := pg_notify(channel, new_position::text);
	RETURN ids;
END $$;

CREATE TABLE {schema}.read_models (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name       text   COLLATE "C" NOT NULL UNIQUE,
	checkpoint bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE {schema}.documents (
	model bigint NOT NULL,
	key   bytea  NOT NULL,
	value bytea  NOT NULL,
	PRIMARY KEY (model, key)
) WITH (autovacuum_analyze_threshold = 10000);
`}
