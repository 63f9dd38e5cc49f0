SELECT {own}.remove_unprocessed_children($1, $2)
