-- Store a registered endpoint and tell everybody. $1 registry, $2 queue, $3 record, $4 how many changes are kept.
SELECT 1 FROM {own}.put_endpoint($1, $2, $3::bytea, $4::integer)
