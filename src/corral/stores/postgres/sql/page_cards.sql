-- Cards that meet the conditions $1 (JSON) and are in the states $2, after the place ($3, $4): up to $5 of the $6
-- that are looked at.
SELECT submitted_at_ms, turn, state, content FROM {own}.page_cards($1, $2, $3, $4, $5, $6)
