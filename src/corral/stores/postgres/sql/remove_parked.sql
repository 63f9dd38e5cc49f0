-- $1 queue, $2 whether delayed ones too, $3 most
SELECT {own}.remove_parked($1, $2, $3::integer)
