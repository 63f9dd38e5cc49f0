-- Records by kind and id, bounded journals, and counting in windows of time.

CREATE TABLE {own}.record_kind (
  kind text PRIMARY KEY,
  revision bigint NOT NULL
);

CREATE TABLE {own}.kept_record (
  kind text NOT NULL,
  id text NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (kind, id)
);

-- Change one record of a kind if it is what the caller thinks (guard: any, none, same), and count the change.
CREATE FUNCTION {own}.change_record(
  p_kind text, p_id text, p_guard text, p_old bytea, p_new bytea
) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  -- The row of the kind is the lock under which its records change.
  INSERT INTO {own}.record_kind AS k VALUES (p_kind, 0) ON CONFLICT (kind) DO UPDATE SET revision = k.revision;
  IF p_guard = 'none' AND EXISTS (SELECT FROM {own}.kept_record WHERE kind = p_kind AND id = p_id)
     OR p_guard = 'same' AND NOT EXISTS (
       SELECT FROM {own}.kept_record WHERE kind = p_kind AND id = p_id AND content = p_old
     ) THEN
    RETURN false;
  END IF;
  IF p_new IS NULL THEN
    DELETE FROM {own}.kept_record WHERE kind = p_kind AND id = p_id;
  ELSE
    INSERT INTO {own}.kept_record VALUES (p_kind, p_id, p_new)
    ON CONFLICT (kind, id) DO UPDATE SET content = p_new;
  END IF;
  UPDATE {own}.record_kind SET revision = revision + 1 WHERE kind = p_kind;
  RETURN true;
END;
$$;

CREATE TABLE {own}.journal (
  name text NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  content bytea NOT NULL,
  PRIMARY KEY (name, id)
);

CREATE TABLE {own}.time_window (
  name text PRIMARY KEY,
  used bigint NOT NULL,
  ends_at_ms bigint NOT NULL
);
CREATE INDEX time_window_end_idx ON {own}.time_window (ends_at_ms);

-- Count in a window that begins with the first thing counted in it, unless that makes more than the most.
CREATE FUNCTION {own}.take(
  p_name text, p_amount bigint, p_most bigint, p_length bigint, p_now bigint,
  OUT taken boolean, OUT used_now bigint, OUT left_ms bigint
)
LANGUAGE plpgsql AS $$
DECLARE
  v_end bigint;
BEGIN
  INSERT INTO {own}.time_window AS w VALUES (p_name, 0, p_now + p_length)
  ON CONFLICT (name) DO UPDATE
    SET used = CASE WHEN w.ends_at_ms <= p_now THEN 0 ELSE w.used END,
        ends_at_ms = CASE WHEN w.ends_at_ms <= p_now THEN p_now + p_length ELSE w.ends_at_ms END
  RETURNING w.used, w.ends_at_ms INTO used_now, v_end;
  taken := used_now + p_amount <= p_most;
  IF taken THEN
    UPDATE {own}.time_window SET used = used + p_amount WHERE name = p_name RETURNING used INTO used_now;
  END IF;
  left_ms := v_end - p_now;
END;
$$;
