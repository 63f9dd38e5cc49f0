-- Like `add`, where some of the jobs have a group. $12 groups, $13 their places
SELECT {own}.add_grouped($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
