SELECT {own}.remove_child_dependency($1, $2)
