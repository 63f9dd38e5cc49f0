-- The jobs `p_start` to `p_end` (from 0, inclusive; negative: counted from the last, which is -1) of each state.
CREATE FUNCTION {own}.in_states(p_queue text, p_states text[], p_start bigint, p_end bigint, p_asc boolean)
RETURNS SETOF job
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
DECLARE
  v_state text;
  v_where text;
  v_order text;
  v_count bigint;
  v_first bigint;
  v_last  bigint;
BEGIN
  FOREACH v_state IN ARRAY p_states LOOP
    v_where := {own}.state_where(v_state);
    CONTINUE WHEN v_where IS NULL;
    v_order := concat_ws(', ',
      {own}.state_order(v_state) || CASE WHEN p_asc THEN ' ASC' ELSE ' DESC' END,
      'seq' || CASE WHEN p_asc THEN ' ASC' ELSE ' DESC' END);
    v_count := 0;
    IF p_start < 0 OR p_end < -1 THEN
      EXECUTE format('SELECT count(*) FROM job WHERE queue = $1 AND %s', v_where) INTO v_count USING p_queue;
    END IF;
    v_first := CASE WHEN p_start < 0 THEN greatest(v_count + p_start, 0) ELSE p_start END;
    v_last := CASE WHEN p_end < -1 THEN v_count + p_end WHEN p_end >= 0 THEN p_end END;
    RETURN QUERY EXECUTE
      format('SELECT * FROM job WHERE queue = $1 AND %s ORDER BY %s OFFSET $2 LIMIT $3', v_where, v_order)
      USING p_queue, v_first, CASE WHEN v_last IS NOT NULL THEN greatest(v_last - v_first + 1, 0) END;
  END LOOP;
END;
$$;
