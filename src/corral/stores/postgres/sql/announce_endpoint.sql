-- Tell everybody to look at an endpoint again. $1 registry, $2 queue, $3 how many changes are kept.
SELECT 1 FROM {own}.announce_endpoint($1, $2, $3::integer)
