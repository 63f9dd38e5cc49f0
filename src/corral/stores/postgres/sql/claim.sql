-- $1 queue, $2 now, $3 most, $4 owner, $5 serial, $6 lock (ms), $7 limiter max, $8 limiter duration, $9 worker
SELECT * FROM {own}.finish(
  $1, $2, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, $3, $4, $5, $6, $7, $8, $9)
