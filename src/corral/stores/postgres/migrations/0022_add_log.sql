-- Appends a row to a job's log and keeps the last `p_keep` (null or 0: all). How many there are; -1 without the job,
-- whose row is locked meanwhile: two that append at once must not take the same place.
CREATE FUNCTION {own}.add_log(p_queue text, p_id text, p_row text, p_keep bigint) RETURNS bigint
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_idx bigint;
BEGIN
  PERFORM 1 FROM job WHERE queue = p_queue AND id = p_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN -1;
  END IF;
  INSERT INTO job_log (queue, job_id, idx, row)
  VALUES (p_queue, p_id,
    coalesce((SELECT max(idx) + 1 FROM job_log WHERE queue = p_queue AND job_id = p_id), 0), p_row)
  RETURNING idx INTO v_idx;
  IF p_keep > 0 THEN
    DELETE FROM job_log WHERE queue = p_queue AND job_id = p_id AND idx <= v_idx - p_keep;
  END IF;
  -- rows leave from the old end alone, so there is none missing between the first and the last
  RETURN (SELECT v_idx - min(idx) + 1 FROM job_log WHERE queue = p_queue AND job_id = p_id);
END;
$$;
