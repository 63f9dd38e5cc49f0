-- The conditions of a page as text for a statement on `job_card c`; `narrow` is false where some of them can only be
-- tried on one card after the other.
--
-- p_query: application, queues, from, before (ms); all: terms that a card must have; any: lists of terms of each of
-- which it must have one; ranges: member, kind (s, n), low and high, each with whether it is included; prefix.
CREATE FUNCTION {own}.card_where(p_query jsonb, OUT wanted text, OUT tried text, OUT narrow boolean)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_range jsonb;
  v_texts jsonb := p_query -> 'queues';
  v_index text;
  v_few bigint;
BEGIN
  wanted := 'true';
  tried := 'true';
  narrow := true;
  IF p_query ->> 'application' IS NOT NULL THEN
    wanted := wanted || format(' AND c.application = %L', p_query ->> 'application');
  END IF;
  IF jsonb_array_length(v_texts) = 1 THEN
    wanted := wanted || format(' AND c.queue = %L', v_texts ->> 0);
  ELSIF jsonb_typeof(v_texts) = 'array' THEN
    wanted := wanted || format(' AND c.queue = ANY (%L::text[])', ARRAY(SELECT jsonb_array_elements_text(v_texts)));
  END IF;
  IF p_query ->> 'from' IS NOT NULL THEN
    wanted := wanted || format(' AND c.submitted_at_ms >= %s', (p_query ->> 'from')::bigint);
  END IF;
  IF p_query ->> 'before' IS NOT NULL THEN
    wanted := wanted || format(' AND c.submitted_at_ms < %s', (p_query ->> 'before')::bigint);
  END IF;
  IF p_query -> 'all' <> '[]' THEN
    wanted := wanted || format(' AND c.terms @> %L::text[]', ARRAY(SELECT jsonb_array_elements_text(p_query -> 'all')));
  END IF;
  FOR v_texts IN SELECT jsonb_array_elements(p_query -> 'any') LOOP
    wanted := wanted || format(' AND c.terms && %L::text[]', ARRAY(SELECT jsonb_array_elements_text(v_texts)));
  END LOOP;
  FOR v_range IN SELECT jsonb_array_elements(p_query -> 'ranges') LOOP
    tried := tried || ' AND ' || {own}.card_range(v_range);
    v_index := {own}.card_range_index(v_range);
    EXECUTE format('SELECT count(*) FROM (SELECT %s LIMIT 5001) AS few', v_index) INTO v_few;
    IF v_few <= 5000 THEN
      wanted := wanted || format(' AND (c.queue, c.job_id) IN (SELECT %s)', v_index);
    ELSE
      narrow := false;
    END IF;
  END LOOP;
END;
$$;

-- One range, exactly, on the metadata of `c`.
CREATE FUNCTION {own}.card_range(p_range jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT concat_ws(' AND ',
    format('jsonb_typeof(c.metadata -> %L) = %L', m.name, CASE WHEN m.number THEN 'number' ELSE 'string' END),
    CASE WHEN p_range ? 'prefix' THEN format('starts_with(c.metadata ->> %L, %L)', m.name, p_range ->> 'prefix') END,
    CASE WHEN p_range ? 'low' THEN format(m.form, m.name,
      CASE WHEN (p_range #>> '{low,1}')::boolean THEN '>=' ELSE '>' END, p_range #>> '{low,0}') END,
    CASE WHEN p_range ? 'high' THEN format(m.form, m.name,
      CASE WHEN (p_range #>> '{high,1}')::boolean THEN '<=' ELSE '<' END, p_range #>> '{high,0}') END)
  FROM (
    SELECT p_range ->> 'member' AS name, p_range ->> 'kind' = 'n' AS number,
      CASE WHEN p_range ->> 'kind' = 'n' THEN 'c.metadata -> %L %s %L::jsonb'
        ELSE '(c.metadata ->> %L) COLLATE "C" %s %L' END AS form
  ) AS m
$$;

-- The jobs that may be in the range, by index: what follows SELECT.
CREATE FUNCTION {own}.card_range_index(p_range jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT concat_ws(' AND ',
    format(m.form, p_range ->> 'member'),
    CASE WHEN m.low IS NOT NULL THEN format('%s >= %L', m.named, m.low) END,
    CASE WHEN m.high IS NOT NULL THEN format('%s <= %L', m.named, m.high) END)
  FROM (
    SELECT 'queue, job_id FROM {own}.card_number WHERE member = %L' AS form, 'number' AS named,
      p_range #>> '{low,0}' AS low, p_range #>> '{high,0}' AS high
    WHERE p_range ->> 'kind' = 'n'
    UNION ALL
    SELECT 'queue, job_id FROM {own}.card_text WHERE member = %L', 'text',
      left(coalesce(p_range ->> 'prefix', p_range #>> '{low,0}'), 200),
      left(coalesce(left(p_range ->> 'prefix', 199) || chr(1114111), p_range #>> '{high,0}'), 200)
    WHERE p_range ->> 'kind' = 's'
  ) AS m
$$;

-- Cards that meet all conditions after a place (null: from the newest on), newest first, with the states of their
-- jobs, which are there. Where not everything can be looked up, `p_look` cards are looked at, and the last of them
-- comes too, without content.
CREATE FUNCTION {own}.page_cards(
  p_query text, p_states text[], p_time bigint, p_turn bigint, p_limit bigint, p_look bigint
) RETURNS TABLE (submitted_at_ms bigint, turn bigint, state text, content bytea)
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT SET jit = off SET random_page_cost = 1.1
AS $$
#variable_conflict use_column
DECLARE
  v_where record := {own}.card_where(p_query::jsonb);
  v_cards text := '{own}.job_card c';
  v_states text := 'true';
BEGIN
  IF p_time IS NOT NULL THEN
    v_where.wanted := v_where.wanted || format(' AND (c.submitted_at_ms, c.turn) < (%s, %s)', p_time, p_turn);
  END IF;
  IF p_states IS NOT NULL THEN
    v_states := format('(%s)', coalesce(
      (SELECT string_agg(format('(%s)', {own}.state_where(one)), ' OR ') FROM unnest(p_states) AS one), 'false'));
  END IF;
  IF NOT v_where.narrow THEN
    v_cards := format(
      '(SELECT * FROM {own}.job_card c WHERE %s ORDER BY c.submitted_at_ms DESC, c.turn DESC LIMIT %s) c',
      v_where.wanted, p_look);
    RETURN QUERY EXECUTE format(
      'SELECT min(c.submitted_at_ms), (array_agg(c.turn ORDER BY c.submitted_at_ms, c.turn))[1], NULL::text, NULL::bytea
       FROM %s HAVING count(*) = %s', v_cards, p_look);
  END IF;
  RETURN QUERY EXECUTE format(
    'SELECT c.submitted_at_ms, c.turn, CASE WHEN j.state = ''waiting'' AND j.priority > 0 THEN ''prioritized''
       ELSE j.state::text END, c.content
     FROM %s JOIN job j ON j.queue = c.queue AND j.id = c.job_id
     WHERE %s AND %s AND %s ORDER BY c.submitted_at_ms DESC, c.turn DESC LIMIT %s',
    v_cards, v_where.wanted, v_where.tried, v_states, p_limit);
END;
$$;
