"""The acceptance tests' engine, servers and client serve here too."""

from tests.acceptance.conftest import client, endpoint, engine, prefix, redis, serve, server

__all__ = ["client", "endpoint", "engine", "prefix", "redis", "serve", "server"]
