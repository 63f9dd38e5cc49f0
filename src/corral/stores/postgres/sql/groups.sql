-- Groups by their ids: those after $2, or $3 alone; up to $4. $1 queue
SELECT g.id, g.jobs, g.held, g.places, (
  SELECT count(*) FROM {own}.group_job AS m WHERE m.group_no = g.no AND m.turn > g.called
) AS waiting
FROM {own}.job_group AS g
WHERE g.queue = $1 AND ($2::text IS NULL OR g.id > $2) AND ($3::text IS NULL OR g.id = $3)
ORDER BY g.id
LIMIT $4
