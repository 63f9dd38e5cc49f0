-- Put cards ($1 queues, $2 jobs, $3 applications, $4 times, $5 metadata, $6 terms, $7 contents); of one, if it was $8.
SELECT {own}.put_cards($1, $2, $3, $4, $5, $6, $7, $8)
