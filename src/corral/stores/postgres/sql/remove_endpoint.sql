-- Delete a registered endpoint and tell everybody; whether there was one. $1 registry, $2 queue, $3 changes kept.
SELECT {own}.remove_endpoint($1, $2, $3::integer)
