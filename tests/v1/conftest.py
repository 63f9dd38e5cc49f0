"""The acceptance tests' engine, servers and client serve here too."""

from tests.acceptance.conftest import client, engine, prefix, redis, serve, server

__all__ = ["client", "engine", "prefix", "redis", "serve", "server"]
