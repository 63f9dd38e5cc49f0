SELECT {own}.remove($1, $2, $3)
