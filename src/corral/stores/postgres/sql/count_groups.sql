-- $1 queue
SELECT count(*) FROM {own}.job_group WHERE queue = $1
