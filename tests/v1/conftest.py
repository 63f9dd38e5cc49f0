"""The acceptance tests' engines, servers and client serve here too."""

from tests.acceptance.conftest import (
    client,
    database,
    endpoint,
    engine,
    engine_url,
    postgres,
    prefix,
    pytest_generate_tests,
    redis,
    serve,
    server,
)

__all__ = [
    "client", "database", "endpoint", "engine", "engine_url", "postgres", "prefix", "pytest_generate_tests", "redis",
    "serve", "server",
]  # fmt: skip
