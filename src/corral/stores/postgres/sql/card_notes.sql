-- The notes of a card, oldest first.
SELECT content FROM {own}.card_note WHERE queue = $1 AND job_id = $2 ORDER BY id
