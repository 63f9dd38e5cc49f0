-- Where the jobs of a state are, as text for a statement, each fit for one of BullMQ's partial indexes. `prioritized`
-- is no state of its own in the table. Null for a state that jobs are never in.
CREATE FUNCTION {own}.state_where(p_state text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN p_state IN ('wait', 'waiting') THEN 'state = ''waiting'' AND priority = 0'
    WHEN p_state = 'prioritized' THEN 'state = ''waiting'' AND priority > 0'
    WHEN p_state IN ('active', 'completed', 'failed', 'delayed', 'waiting-children') THEN format('state = %L', p_state)
  END
$$;

-- The column that says when a job of the state runs, ran or is due; `seq` decides among equals. Null: `seq` alone does.
CREATE FUNCTION {own}.state_order(p_state text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN p_state = 'prioritized' THEN 'priority'
    WHEN p_state = 'delayed' THEN 'process_at_ms'
    WHEN p_state IN ('completed', 'failed') THEN 'finished_at_ms'
  END
$$;
