-- Those of the cards that are there, in no order.
SELECT c.queue, c.job_id, c.content FROM unnest($1::text[], $2::text[]) AS g(queue, job_id)
JOIN {own}.job_card c ON c.queue = g.queue AND c.job_id = g.job_id
