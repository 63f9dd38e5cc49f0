-- Jobs without parent, deduplication or scheduler. $1 queue, $2 whether the transaction is ours, then an array each.
SELECT {own}.add($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
