-- Cards of jobs: what is known of them beside their queues, searchable by metadata.

-- `terms` are "length:member:text" of the metadata that are strings, numbers or booleans; `metadata` holds the same as
-- they are, for ranges; `content` is the whole card.
CREATE TABLE {own}.job_card (
  queue text NOT NULL,
  job_id text NOT NULL,
  turn bigint GENERATED ALWAYS AS IDENTITY,
  application text NOT NULL,
  submitted_at_ms bigint NOT NULL,
  terms text[] NOT NULL,
  metadata jsonb NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (queue, job_id)
);
CREATE INDEX job_card_time_idx ON {own}.job_card (submitted_at_ms, turn);
CREATE INDEX job_card_queue_idx ON {own}.job_card (queue, submitted_at_ms, turn);
CREATE INDEX job_card_application_idx ON {own}.job_card (application, submitted_at_ms, turn);
CREATE INDEX job_card_id_idx ON {own}.job_card (job_id, turn);
-- Without a list of pending entries, which every look would go through.
CREATE INDEX job_card_terms_idx ON {own}.job_card USING gin (terms) WITH (fastupdate = off);

-- For ranges: the numbers of the metadata, and the first 200 characters of the strings.
CREATE TABLE {own}.card_number (
  member text NOT NULL,
  number numeric NOT NULL,
  queue text NOT NULL,
  job_id text NOT NULL,
  PRIMARY KEY (member, number, queue, job_id)
);
CREATE INDEX card_number_job_idx ON {own}.card_number (queue, job_id);
CREATE TABLE {own}.card_text (
  member text NOT NULL,
  text text COLLATE "C" NOT NULL,
  queue text NOT NULL,
  job_id text NOT NULL,
  PRIMARY KEY (member, text, queue, job_id)
);
CREATE INDEX card_text_job_idx ON {own}.card_text (queue, job_id);

CREATE TABLE {own}.card_note (
  queue text NOT NULL,
  job_id text NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  content bytea NOT NULL,
  PRIMARY KEY (queue, job_id, id)
);

-- Put cards in place of those that were there. Where `p_old` is given, only if that is the content of the one card
-- there is; whether that was so.
CREATE FUNCTION {own}.put_cards(
  p_queues text[], p_job_ids text[], p_applications text[], p_times bigint[], p_metadata text[], p_terms text[],
  p_contents bytea[], p_old bytea
) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  IF p_old IS NOT NULL THEN
    PERFORM FROM {own}.job_card WHERE queue = p_queues[1] AND job_id = p_job_ids[1] AND content = p_old FOR UPDATE;
    IF NOT FOUND THEN
      RETURN false;
    END IF;
  END IF;
  WITH given AS (SELECT * FROM unnest(p_queues, p_job_ids) AS g(queue, job_id)), numbers AS (
    DELETE FROM {own}.card_number c USING given g WHERE c.queue = g.queue AND c.job_id = g.job_id
  )
  DELETE FROM {own}.card_text c USING given g WHERE c.queue = g.queue AND c.job_id = g.job_id;
  INSERT INTO {own}.job_card AS c (queue, job_id, application, submitted_at_ms, metadata, terms, content)
  SELECT g.queue, g.job_id, g.application, g.submitted, g.metadata::jsonb,
    ARRAY(SELECT jsonb_array_elements_text(g.terms::jsonb)), g.content
  FROM unnest(p_queues, p_job_ids, p_applications, p_times, p_metadata, p_terms, p_contents)
    WITH ORDINALITY AS g(queue, job_id, application, submitted, metadata, terms, content, place)
  ORDER BY g.place
  ON CONFLICT (queue, job_id) DO UPDATE SET application = excluded.application, terms = excluded.terms,
    submitted_at_ms = excluded.submitted_at_ms, metadata = excluded.metadata, content = excluded.content;
  WITH members AS (
    SELECT g.queue, g.job_id, m.key AS member, m.value
    FROM unnest(p_queues, p_job_ids, p_metadata) AS g(queue, job_id, metadata), jsonb_each(g.metadata::jsonb) AS m
  ), numbers AS (
    INSERT INTO {own}.card_number
    SELECT member, value::text::numeric, queue, job_id FROM members WHERE jsonb_typeof(value) = 'number'
    ON CONFLICT DO NOTHING
  )
  INSERT INTO {own}.card_text
  SELECT member, left(value #>> '{}', 200), queue, job_id FROM members WHERE jsonb_typeof(value) = 'string'
  ON CONFLICT DO NOTHING;
  RETURN true;
END;
$$;

-- Add a note to a card, of whose notes the last p_keep stay.
CREATE FUNCTION {own}.note_card(p_queue text, p_job_id text, p_content bytea, p_keep bigint) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO {own}.card_note (queue, job_id, content) VALUES (p_queue, p_job_id, p_content);
  DELETE FROM {own}.card_note WHERE queue = p_queue AND job_id = p_job_id AND id <= (
    SELECT id FROM {own}.card_note WHERE queue = p_queue AND job_id = p_job_id ORDER BY id DESC OFFSET p_keep LIMIT 1
  );
$$;

-- Take cards away.
CREATE FUNCTION {own}.drop_cards(p_queues text[], p_job_ids text[]) RETURNS integer
LANGUAGE sql AS $$
  WITH given AS (SELECT * FROM unnest(p_queues, p_job_ids) AS g(queue, job_id)), numbers AS (
    DELETE FROM {own}.card_number c USING given g WHERE c.queue = g.queue AND c.job_id = g.job_id
  ), texts AS (
    DELETE FROM {own}.card_text c USING given g WHERE c.queue = g.queue AND c.job_id = g.job_id
  ), notes AS (
    DELETE FROM {own}.card_note c USING given g WHERE c.queue = g.queue AND c.job_id = g.job_id
  ), cards AS (
    DELETE FROM {own}.job_card c USING given g WHERE c.queue = g.queue AND c.job_id = g.job_id RETURNING 1
  )
  SELECT count(*)::integer FROM cards
$$;
