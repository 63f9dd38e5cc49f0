-- Of each id the card that was put first.
SELECT DISTINCT ON (job_id) job_id, content FROM {own}.job_card WHERE job_id = ANY($1::text[]) ORDER BY job_id, turn
