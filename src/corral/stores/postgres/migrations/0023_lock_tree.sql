-- Keeps the job and all below it as they are until the transaction ends: no worker takes one up meanwhile. Whether the
-- job is there.
CREATE FUNCTION {own}.lock_tree(p_queue text, p_id text) RETURNS boolean
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
  PERFORM 1 FROM job WHERE queue = p_queue AND id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM 1 FROM (
    WITH RECURSIVE tree AS (
      SELECT p_queue AS queue, p_id AS id
      UNION
      SELECT child.queue, child.id
        FROM tree JOIN job child ON child.parent_queue = tree.queue AND child.parent_id = tree.id
    )
    SELECT queue, id FROM tree
  ) below JOIN job ON job.queue = below.queue AND job.id = below.id
  FOR UPDATE OF job;
  RETURN true;
END;
$$;
