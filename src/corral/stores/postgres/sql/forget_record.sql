-- Forget a record. $1 kind, $2 name.
DELETE FROM {own}.record WHERE kind = $1 AND name = $2
