-- The registered endpoints. $1 registry.
SELECT queue, record FROM {own}.endpoint WHERE registry = $1
