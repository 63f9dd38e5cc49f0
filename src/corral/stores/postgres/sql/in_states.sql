-- The jobs from $3 to $4 of each state.
SELECT {job} FROM {own}.in_states($1, $2::text[], $3, $4, $5)
