-- Groups of jobs. A job that has no place of its group is parked in waiting-children, without children: no program of
-- BullMQ takes it. It is told as waiting once, when it goes into its line. Who changes a group locks its row first; who
-- changes several, in the order of their ids.
CREATE TABLE {own}.job_group (
  queue text NOT NULL,
  id text NOT NULL,
  no bigint GENERATED ALWAYS AS IDENTITY, -- stands for both in what is looked up most
  places integer NOT NULL,
  jobs bigint NOT NULL, -- that are not deleted
  held bigint NOT NULL DEFAULT 0, -- places
  holder text, -- the job that took the only place there was
  called bigint NOT NULL DEFAULT 0, -- the last turn that got a place
  PRIMARY KEY (queue, id)
) WITH (fillfactor = 50); -- its rows change often, and none of what changes is in an index

-- Every job of a group that is not deleted. It stands in line while its turn is yet to be called; or is due later (ms).
-- Places go by turns, and nobody stands in line while one is free. Most groups have one place: its job is in the
-- group's row, so that it is passed on without a change to any row of this table. Where a job was given one of several,
-- `held` says so.
CREATE TABLE {own}.group_job (
  queue text NOT NULL,
  job_id text NOT NULL,
  group_id text NOT NULL,
  group_no bigint NOT NULL,
  held boolean NOT NULL DEFAULT false,
  turn bigint,
  due_ms bigint,
  PRIMARY KEY (queue, job_id)
) WITH (fillfactor = 60);
CREATE INDEX group_job_line_idx ON {own}.group_job (group_no, turn) WHERE turn IS NOT NULL;
CREATE INDEX group_job_due_idx ON {own}.group_job (queue, due_ms) WHERE due_ms IS NOT NULL;

-- How far the last sweep of a queue got.
CREATE TABLE {own}.group_sweep (
  queue text PRIMARY KEY,
  job_id text NOT NULL,
  group_id text NOT NULL
);

-- What the options of a job say of its group.
CREATE FUNCTION {own}.group_of(p_opts jsonb) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
  SELECT CASE WHEN jsonb_typeof(p_opts #> '{group,id}') = 'string' THEN nullif(p_opts #>> '{group,id}', '') END
$$;

CREATE FUNCTION {own}.places_of(p_opts jsonb) RETURNS integer
LANGUAGE sql IMMUTABLE
AS $$
  SELECT CASE WHEN jsonb_typeof(p_opts #> '{group,limit}') = 'number'
    THEN greatest(1, least(1000000000, floor((p_opts #>> '{group,limit}')::numeric)))::integer ELSE 1 END
$$;
