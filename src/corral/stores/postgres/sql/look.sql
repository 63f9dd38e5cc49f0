SELECT {job}, l.major, l.place, l.bound, l.fits, l.n, l.total
FROM {own}.look($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) AS l, LATERAL (SELECT (l.entry).*) AS entry
