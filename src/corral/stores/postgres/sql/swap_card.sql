-- Put one card ($1 to $7 as for put_cards) if it was $8, with the note $9 if there is one, of which $10 stay.
SELECT put, CASE WHEN put AND $9::bytea IS NOT NULL THEN {own}.note_card($1[1], $2[1], $9, $10)::text END
FROM {own}.put_cards($1::text[], $2::text[], $3, $4, $5, $6, $7, $8) AS put
