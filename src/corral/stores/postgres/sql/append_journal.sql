-- Rows at the end of a journal, in order; those that are too many at its beginning go, a hundred or more at a time.
WITH added AS (
  INSERT INTO {own}.journal (name, content)
  SELECT $1, content FROM unnest($2::bytea[]) WITH ORDINALITY AS given(content, place) ORDER BY place
  RETURNING id
), length AS (
  SELECT count(*) AS stored FROM {own}.journal WHERE name = $1
)
DELETE FROM {own}.journal
 WHERE name = $1 AND (SELECT stored FROM length) > $3::bigint + 100
   AND id < (SELECT id FROM {own}.journal WHERE name = $1 ORDER BY id DESC OFFSET $3::bigint LIMIT 1)
