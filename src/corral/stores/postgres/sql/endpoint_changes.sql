-- The changes of a registry after an id, in order. $1 registry, $2 id.
SELECT id, queue FROM {own}.endpoint_change WHERE registry = $1 AND id > $2::bigint ORDER BY id
