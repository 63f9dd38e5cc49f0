SELECT job_id, delay, stored FROM {own}.put_scheduler($1, $2, $3, $4, $5, $6, $7, $8, $9)
