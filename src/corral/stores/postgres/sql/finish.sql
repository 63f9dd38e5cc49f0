-- $1 queue, $2 now, $3 points of metrics, $4 to $13 an array each, then as for claim, where null is for none;
-- last the groups of the jobs, and whether one lets several run.
SELECT * FROM {own}.finish(
  $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
