-- Count in a window of time.
SELECT taken, used_now, left_ms FROM {own}.take($1, $2, $3, $4, $5)
