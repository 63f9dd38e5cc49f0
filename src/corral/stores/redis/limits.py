"""How long and how much a connection to the engine may wait."""

import msgspec


class ConnectionLimits(msgspec.Struct, frozen=True):
    """Times are seconds. The defaults let traffic flow again within 12 s of a connection that went silent."""

    connect_timeout: float = 2.0
    """For one attempt: open, TLS, log in."""
    connect_wait: float = 2.0
    """How long a command may wait for a connection before it fails."""
    reply_timeout: float = 5.0
    """Silence after which a connection counts as dead; also when an idle one is pinged."""
    backoff_first: float = 0.05
    backoff_most: float = 2.0
    waiting_commands: int = 10_000
    """How many commands may wait while they cannot be written; more fail at once."""
    waiting_bytes: int = 64 * 1024 * 1024
    blocking_grace: float = 2.0
    """How much later than its own block time the reply to a blocking read may come."""


DEFAULT_LIMITS = ConnectionLimits()
