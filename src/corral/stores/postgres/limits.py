"""How long and how much the connections to Postgres may wait."""

import msgspec


class PostgresLimits(msgspec.Struct, frozen=True):
    """Times are seconds."""

    connections: int = 10
    """The most that the pool opens, beside the one that listens."""
    connect_timeout: float = 2.0
    """For one attempt."""
    connect_wait: float = 2.0
    """How long a statement may wait for a server that is away before it fails."""
    reply_timeout: float = 10.0
    """How long a statement may take."""
    backoff_first: float = 0.05
    backoff_most: float = 2.0
    ping_every: float = 5.0
    """How often an idle listening connection is asked for a sign of life."""
    poll_every: float = 5.0
    """How often a waiter looks without having been called."""


DEFAULT_LIMITS = PostgresLimits()
