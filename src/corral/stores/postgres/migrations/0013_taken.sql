-- What finish answers: first facts, then jobs, of which `fact` is null and `amount` the place in the claim, from 0.
--   refused   the end in that `place` (from 1): its code, or the words     due     when the next delayed job is (ms)
--   limited   the queue is rate limited for so many ms                     maxed   its own concurrency is used up
CREATE TYPE {own}.taken AS (
  id text, name text, data text, opts text, progress text, return_value text, stacktrace text, delay_ms bigint,
  priority integer, attempts_started integer, attempts_made integer, stalled_count integer, added_at_ms bigint,
  failed_reason text, finished_at_ms bigint, processed_at_ms bigint, dedup_id text, scheduler_id text,
  parent_queue text, parent_id text, parent_key text, processed_by text, deferred_failure text,
  fact text, amount bigint, place integer, words text
);

-- A fact in that form.
CREATE FUNCTION {own}.fact(p_fact text, p_amount bigint, p_place integer DEFAULT NULL, p_words text DEFAULT NULL)
RETURNS {own}.taken
LANGUAGE sql IMMUTABLE
AS $$
  SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL::bigint, NULL::integer, NULL::integer, NULL::integer,
    NULL::integer, NULL::bigint, NULL, NULL::bigint, NULL::bigint, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    p_fact, p_amount, p_place, p_words
$$;

-- The functions in this file and the next ones are parts of finish (0018), which sets the search path and forbids
-- every plan but those that look rows up in an index, whatever the statistics say.

-- Delayed jobs that are due become waiting, up to a thousand. Answers when the next one is due, and how many were.
CREATE FUNCTION {own}.promote_due(p_queue text, p_now bigint, OUT next bigint, OUT promoted integer)
LANGUAGE plpgsql
AS $$
DECLARE
  v_ids text[];
BEGIN
  promoted := 0;
  SELECT process_at_ms INTO next FROM job
  WHERE queue = p_queue AND state = 'delayed' ORDER BY process_at_ms LIMIT 1;
  IF next IS NULL OR next > p_now THEN
    RETURN;
  END IF;
  v_ids := ARRAY(
    SELECT id FROM job WHERE queue = p_queue AND state = 'delayed' AND process_at_ms <= p_now
    ORDER BY process_at_ms LIMIT 1000 FOR UPDATE SKIP LOCKED
  );
  promoted := cardinality(v_ids);
  UPDATE job SET state = 'waiting', delay_ms = 0 WHERE queue = p_queue AND id = ANY (v_ids);
  INSERT INTO event (queue, event, data, created_at_ms)
  SELECT p_queue, 'waiting', jsonb_object(ARRAY['jobId', due.id, 'prev', 'delayed']), (SELECT {own}.clock_ms())
  FROM unnest(v_ids) AS due(id);
  SELECT process_at_ms INTO next FROM job
  WHERE queue = p_queue AND state = 'delayed' ORDER BY process_at_ms LIMIT 1;
END;
$$;
