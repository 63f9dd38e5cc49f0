-- $1 queue, $2 now, $3 most, $4 the ids, or null
SELECT moved, emptied FROM {own}.sweep_groups($1, $2, $3::integer, $4::text[])
