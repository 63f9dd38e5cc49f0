-- $1 queue, $2 most, $3 owner, $4 serial, $5 lock (ms), $6 now, $7 limiter max, $8 limiter duration, $9 worker
SELECT * FROM {own}.claim($1, $2, $3, $4, $5, $6, $7, $8, $9)
