-- $1 queue, $2 how often a job may stall, $3 pause between passes (ms), $4 now
SELECT {own}.rescue($1, $2, $3, $4)
