-- A page of a journal, newest first.
SELECT id, content FROM {own}.journal
 WHERE name = $1 AND ($2::bigint IS NULL OR id < $2::bigint)
 ORDER BY id DESC LIMIT $3
