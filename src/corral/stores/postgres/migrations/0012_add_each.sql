-- add_each: store jobs of any kind in order, all or none, each by BullMQ's add_job; returns their ids, or that of the
-- job that stands in its way. Entries: {queue, id, name, data (text), opts, priority, delay, timestamp, attempts,
-- parentQueue, parentId, parentKey, dedupId, lifo}.
CREATE FUNCTION {own}.add_each(p_entries jsonb) RETURNS text[]
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  e     jsonb;
  v_ids text[] := '{}';
BEGIN
  FOR e IN SELECT value FROM jsonb_array_elements(p_entries) LOOP
    v_ids := v_ids || add_job(
      e ->> 'queue', e ->> 'id', e ->> 'name', (e ->> 'data')::jsonb, e -> 'opts',
      (e ->> 'priority')::integer, (e ->> 'delay')::bigint, (e ->> 'timestamp')::bigint, (e ->> 'attempts')::integer,
      e ->> 'parentQueue', e ->> 'parentId', e ->> 'parentKey', e ->> 'dedupId', NULL, (e ->> 'lifo')::boolean
    );
  END LOOP;
  IF p_entries @? '$[*].opts.group' THEN
    PERFORM {own}.join_entries(p_entries, v_ids);
  END IF;
  RETURN v_ids;
END;
$$;
