-- $1 queue, $2 ids
SELECT moved FROM {own}.leave_groups($1, $2::text[], false)
