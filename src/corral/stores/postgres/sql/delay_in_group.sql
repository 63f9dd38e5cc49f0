-- $1 queue, $2 id, $3 delay from now (ms; 0: it ends), $4 now
SELECT {own}.delay_in_group($1, $2, $3, $4)
