SELECT {own}.add_log($1, $2, $3, $4)
