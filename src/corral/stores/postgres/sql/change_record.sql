-- One record changes, if the guard holds.
SELECT {own}.change_record($1, $2, $3, $4, $5)
