SELECT {own}.advance_scheduler($1, $2, $3, $4, $5, $6)
