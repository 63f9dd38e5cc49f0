-- $1 queue, $2 state, $3 most, $4 bound (ms; null: none)
SELECT {own}.all_again_in_groups($1, $2, $3::integer, $4::bigint)
