SELECT {own}.remove_scheduler($1, $2, $3)
