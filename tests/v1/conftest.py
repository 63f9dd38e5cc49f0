"""The acceptance tests' engines, servers and client serve here too."""

from tests.acceptance.conftest import (
    client,
    endpoint,
    engine,
    engine_url,
    prefix,
    pytest_generate_tests,
    redis,
    serve,
    server,
)

__all__ = [
    "client", "endpoint", "engine", "engine_url", "prefix", "pytest_generate_tests", "redis",
    "serve", "server",
]  # fmt: skip
