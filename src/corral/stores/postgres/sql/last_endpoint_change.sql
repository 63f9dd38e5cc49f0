-- The id of the newest change of a registry, 0 where there is none. $1 registry.
SELECT coalesce(max(id), 0) FROM {own}.endpoint_change WHERE registry = $1
