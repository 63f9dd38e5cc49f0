-- $1 queue, $2 ids, $3 tokens, $4 lock (ms)
SELECT {own}.renew($1, $2, $3, $4)
