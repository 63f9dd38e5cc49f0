"""URLs of Postgres: what the driver takes of one, and what of it may be shown."""

from urllib.parse import parse_qsl, urlencode, urlsplit

_OTHER_CLIENTS = (
    "channel_binding", "connect_timeout", "connection_limit", "gssencmode", "keepalives", "keepalives_count",
    "keepalives_idle", "keepalives_interval", "load_balance_hosts", "pgbouncer", "pool_timeout", "schema",
    "sslcompression", "tcp_user_timeout",
)  # fmt: skip
"""Parameters for other clients, which the driver would send to the server as settings."""


def dsn_of(url: str) -> str:
    """The URL as the driver takes it: without what stands in it for other clients."""
    parts = urlsplit(url)
    kept = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key not in _OTHER_CLIENTS]
    return parts._replace(query=urlencode(kept)).geturl() if parts.query else url


def shown(url: str) -> str:
    """Where the database is, without user, password and parameters."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
