-- Jobs of locked groups get their turns, in order, and a place unless they are parked.
CREATE FUNCTION {own}.take_turns(
  p_queue text, p_ids text[], p_groups text[], p_numbers bigint[], p_parked boolean[]
) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_turns bigint[] := ARRAY(SELECT nextval('job_seq') FROM unnest(p_ids));
BEGIN
  INSERT INTO {own}.group_job (queue, job_id, group_id, group_no, turn)
  SELECT p_queue, key, name, no, turn
  FROM unnest(p_ids, p_groups, p_numbers, v_turns) AS n(key, name, no, turn) WHERE name IS NOT NULL
  ON CONFLICT (queue, job_id) DO UPDATE SET turn = excluded.turn, due_ms = NULL;
  SELECT array_agg(key), array_agg(name), array_agg(turn) INTO p_ids, p_groups, v_turns
  FROM unnest(p_ids, p_groups, v_turns, p_parked) AS n(key, name, turn, parked) WHERE name IS NOT NULL AND NOT parked;
  IF p_ids IS NOT NULL THEN
    PERFORM {own}.take_places(p_queue, p_ids, p_groups, v_turns);
  END IF;
END;
$$;

-- Jobs of locked groups, in no line yet, take a free place or else their turn, in order. They are stored as waiting;
-- who gets no place is parked.
CREATE FUNCTION {own}.enter_groups(p_queue text, p_ids text[], p_groups text[]) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v record;
BEGIN
  SELECT * INTO v FROM {own}.find_places(p_queue, p_groups);
  PERFORM {own}.take_turns(p_queue, p_ids, p_groups, v.numbers, v.parked);
  p_ids := ARRAY(SELECT key FROM unnest(p_ids, v.parked) AS n(key, parked) WHERE parked);
  IF p_ids <> '{}' THEN
    UPDATE job SET state = 'waiting-children', locked_until_ms = NULL WHERE queue = p_queue AND id = ANY (p_ids);
  END IF;
END;
$$;
