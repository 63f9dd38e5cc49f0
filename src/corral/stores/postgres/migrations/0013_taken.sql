-- What claim and finish answer: jobs (`fact` is null; `amount` is the place in the claim, from 0), then facts:
--   limited   the queue is rate limited for so many ms       due     the next delayed job, ms
--   maxed     the queue's own concurrency is used up         refused an outcome: its code, its token, the words
CREATE TYPE {own}.taken AS (
  id text, name text, data text, opts text, progress text, return_value text, stacktrace text, delay_ms bigint,
  priority integer, attempts_started integer, attempts_made integer, stalled_count integer, added_at_ms bigint,
  failed_reason text, finished_at_ms bigint, processed_at_ms bigint, dedup_id text, scheduler_id text,
  parent_queue text, parent_id text, parent_key text, processed_by text, deferred_failure text,
  fact text, amount bigint, token text, words text
);

-- A fact in that form.
CREATE FUNCTION {own}.fact(p_fact text, p_amount bigint, p_token text DEFAULT NULL, p_words text DEFAULT NULL)
RETURNS {own}.taken
LANGUAGE sql IMMUTABLE
AS $$
  SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL::bigint, NULL::integer, NULL::integer, NULL::integer,
    NULL::integer, NULL::bigint, NULL, NULL::bigint, NULL::bigint, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    p_fact, p_amount, p_token, p_words
$$;

-- promote: delayed jobs that are due become waiting, up to a thousand; when the next one is due, or null.
CREATE FUNCTION {own}.promote_due(p_queue text, p_now bigint) RETURNS bigint
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET enable_bitmapscan TO off
SET enable_hashjoin TO off
SET enable_mergejoin TO off
AS $$
DECLARE
  v_next bigint;
  v_ids  text[];
BEGIN
  SELECT process_at_ms INTO v_next FROM job
  WHERE queue = p_queue AND state = 'delayed' ORDER BY process_at_ms LIMIT 1;
  IF v_next IS NULL OR v_next > p_now THEN
    RETURN v_next;
  END IF;
  v_ids := ARRAY(
    SELECT id FROM job WHERE queue = p_queue AND state = 'delayed' AND process_at_ms <= p_now
    ORDER BY process_at_ms LIMIT 1000 FOR UPDATE SKIP LOCKED
  );
  UPDATE job SET state = 'waiting', delay_ms = 0
  FROM unnest(v_ids) AS due(id) WHERE job.queue = p_queue AND job.id = due.id;
  INSERT INTO event (queue, event, data, created_at_ms)
  SELECT p_queue, 'waiting', jsonb_build_object('jobId', due.id, 'prev', 'delayed'), (SELECT {own}.clock_ms())
  FROM unnest(v_ids) AS due(id);
  IF v_ids <> '{}' THEN
    PERFORM {own}.announce(p_queue, cardinality(v_ids));
  END IF;
  RETURN (
    SELECT process_at_ms FROM job WHERE queue = p_queue AND state = 'delayed' ORDER BY process_at_ms LIMIT 1
  );
END;
$$;
