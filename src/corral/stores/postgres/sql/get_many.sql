-- Those of the jobs that are there, in no order.
SELECT {job} FROM {bullmq}.job WHERE queue = $1 AND id = ANY($2::text[])
