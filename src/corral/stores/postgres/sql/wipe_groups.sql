-- Every trace of the groups of a queue whose jobs are gone. $1 queue
WITH jobs AS (DELETE FROM {own}.group_job WHERE queue = $1), swept AS (DELETE FROM {own}.group_sweep WHERE queue = $1)
DELETE FROM {own}.job_group WHERE queue = $1
