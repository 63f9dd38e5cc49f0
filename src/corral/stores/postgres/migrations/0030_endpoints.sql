-- Registered endpoints, and the changes by which several instances follow them.

CREATE TABLE {own}.endpoint (
  registry text NOT NULL,
  queue text NOT NULL,
  record bytea NOT NULL,
  PRIMARY KEY (registry, queue)
);

CREATE TABLE {own}.endpoint_change (
  registry text NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  queue text NOT NULL,
  PRIMARY KEY (registry, id)
);

-- Changes are announced one after the other, so that nobody who follows them sees a later one first.
CREATE FUNCTION {own}.announce_endpoint(p_registry text, p_queue text, p_keep integer) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('corral:endpoints'), hashtext(p_registry));
  INSERT INTO {own}.endpoint_change (registry, queue) VALUES (p_registry, p_queue);
  DELETE FROM {own}.endpoint_change
  WHERE registry = p_registry AND id <= (
    SELECT id FROM {own}.endpoint_change WHERE registry = p_registry ORDER BY id DESC OFFSET p_keep LIMIT 1
  );
  PERFORM pg_notify('corral', 'endpoints:' || p_registry);
END;
$$;

CREATE FUNCTION {own}.put_endpoint(p_registry text, p_queue text, p_record bytea, p_keep integer) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO {own}.endpoint VALUES (p_registry, p_queue, p_record)
  ON CONFLICT (registry, queue) DO UPDATE SET record = p_record;
  PERFORM {own}.announce_endpoint(p_registry, p_queue, p_keep);
END;
$$;

CREATE FUNCTION {own}.remove_endpoint(p_registry text, p_queue text, p_keep integer) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM {own}.endpoint WHERE registry = p_registry AND queue = p_queue;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM {own}.announce_endpoint(p_registry, p_queue, p_keep);
  RETURN true;
END;
$$;
