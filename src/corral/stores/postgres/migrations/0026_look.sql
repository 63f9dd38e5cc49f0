-- A part of a search: looks at the next `p_count` jobs of a state after the place (`p_major`, `p_place`) and gives the
-- first `p_limit` that fit, and the last one that was looked at, its `entry` null unless it is one of them.
--
-- `n` is the number of each among the `total` looked at. Where `seq` alone is the order, only jobs are met that were
-- there when the search began: `bound` is the highest `seq` then, and is handed in again.
CREATE FUNCTION {own}.look(
  p_queue text, p_state text, p_asc boolean, p_count bigint, p_limit bigint,
  p_major bigint, p_place bigint, p_bound bigint, p_ended_from bigint, p_ended_before bigint,
  p_name text, p_id_prefix text, p_added_from bigint, p_added_before bigint
) RETURNS TABLE (major bigint, place bigint, bound bigint, fits boolean, n bigint, total bigint, entry job)
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
AS $$
DECLARE
  v_major text := {own}.state_order(p_state);
  v_way   text := CASE WHEN p_asc THEN 'ASC' ELSE 'DESC' END;
  v_past  text := CASE WHEN p_asc THEN '>' ELSE '<' END;
  v_where text := {own}.state_where(p_state);
  v_bound bigint := coalesce(p_bound, (SELECT last_value FROM job_seq));
BEGIN
  IF v_where IS NULL THEN
    RETURN;
  END IF;
  IF v_major IS NULL THEN
    v_where := v_where || ' AND seq BETWEEN -$4 AND $4';
  END IF;
  IF p_place IS NOT NULL THEN
    v_where := v_where || CASE WHEN v_major IS NULL THEN format(' AND seq %s $3', v_past)
      ELSE format(' AND (%s, seq) %s ($2, $3)', v_major, v_past) END;
  END IF;
  IF p_ended_from IS NOT NULL THEN
    v_where := v_where || ' AND finished_at_ms >= $5';
  END IF;
  IF p_ended_before IS NOT NULL THEN
    v_where := v_where || ' AND finished_at_ms < $6';
  END IF;
  RETURN QUERY EXECUTE format($query$
    WITH looked AS MATERIALIZED (
      SELECT job AS entry, %1$s AS major, seq FROM job WHERE queue = $1 AND %2$s ORDER BY %3$s LIMIT $7
    ), judged AS (
      SELECT *, ($9 IS NULL OR (entry).name = $9) AND ($10 IS NULL OR starts_with((entry).id, $10))
        AND ($11 IS NULL OR (entry).added_at_ms >= $11) AND ($12 IS NULL OR (entry).added_at_ms < $12) AS fits
      FROM looked
    ), numbered AS (
      SELECT *, row_number() OVER in_order AS n, count(*) FILTER (WHERE fits) OVER in_order AS hits,
        count(*) OVER () AS total
      FROM judged WINDOW in_order AS (ORDER BY major %4$s, seq %4$s)
    )
    SELECT major, seq, $4, fits AND hits <= $8, n, total, CASE WHEN fits AND hits <= $8 THEN entry END
    FROM numbered WHERE fits AND hits <= $8 OR n = total ORDER BY n
    $query$,
    coalesce(v_major, '0') || '::bigint', v_where, concat_ws(', ', v_major || ' ' || v_way, 'seq ' || v_way), v_way)
  USING p_queue, p_major, p_place, v_bound, p_ended_from, p_ended_before, p_count, p_limit,
    p_name, p_id_prefix, p_added_from, p_added_before;
END;
$$;
