-- Count less in the window that is open.
UPDATE {own}.time_window SET used = greatest(0, used - $2::bigint) WHERE name = $1
