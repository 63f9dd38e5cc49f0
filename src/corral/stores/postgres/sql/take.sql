-- Move the job $2 of the queue $1, if it waits, to active under the token $3 for $4 ms; $5 is now. `code` says why not.
SELECT {job}, code FROM {own}.take_job($1, $2, $3, $4, $5)
