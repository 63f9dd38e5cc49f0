-- Up to which event the stream of a queue was trimmed, so that the next time need not step over what is gone already.
CREATE TABLE {own}.event_trim (
  queue text PRIMARY KEY,
  up_to bigint NOT NULL
);

-- announce: after a transaction's last p_count events, wake who reads them, and trim the stream. Like BullMQ's
-- publish_event, but once for many: the same locks, the same length, and a look at every 256th event.
CREATE FUNCTION {own}.announce(p_queue text, p_count bigint) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_last bigint := currval('event_seq');
  v_max  bigint;
  v_from bigint;
BEGIN
  IF pg_try_advisory_xact_lock(hashtext('bullmq:evnotify:' || p_queue)) THEN
    PERFORM pg_notify('bullmq_events', p_queue);
  END IF;
  IF v_last / 256 = (v_last - p_count) / 256 THEN
    RETURN;
  END IF;
  SELECT value::bigint INTO v_max FROM meta WHERE queue = p_queue AND field = 'opts.maxLenEvents';
  v_max := coalesce(v_max, 10000);
  IF v_max <= 0 OR v_last <= v_max OR NOT pg_try_advisory_xact_lock(hashtext('bullmq:evtrim:' || p_queue)) THEN
    RETURN;
  END IF;
  SELECT up_to INTO v_from FROM {own}.event_trim WHERE queue = p_queue;
  IF v_from IS NULL OR v_from >> 20 <> (v_last - v_max) >> 20 THEN
    v_from := 0; -- now and then everything, for events of a transaction that came to its end late
  END IF;
  DELETE FROM event WHERE queue = p_queue AND id > v_from AND id <= v_last - v_max;
  INSERT INTO {own}.event_trim VALUES (p_queue, v_last - v_max)
  ON CONFLICT (queue) DO UPDATE SET up_to = excluded.up_to;
END;
$$;

-- The clock that events are stamped with, in milliseconds.
CREATE FUNCTION {own}.clock_ms() RETURNS bigint
LANGUAGE sql VOLATILE
AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;

-- The time `p_now` of a call as a job's history may tell it: not before what came first, as the call can have waited
-- since it read its clock, or that be behind another's. What lies more than a minute ahead is no time that has been.
CREATE FUNCTION {own}.since(p_before bigint, p_now bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN p_before BETWEEN p_now AND p_now + 60000 THEN p_before ELSE p_now END $$;
