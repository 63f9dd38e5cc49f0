"""The URL of whatever a program has at hand: a URL, or for Redis a dict of options or a redis-py client."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

SPELLINGS = {
    "host": "host",
    "hostname": "host",
    "port": "port",
    "path": "path",
    "unix_socket_path": "path",
    "username": "username",
    "user": "username",
    "password": "password",
    "db": "db",
    "database": "db",
    "tls": "tls",
    "ssl": "tls",
    "ssl_cert_reqs": "ssl_cert_reqs",
    "ssl_ca_certs": "ssl_ca_certs",
}
# What ioredis wants for BullMQ, and what corral does anyway.
NOT_NEEDED = {"maxRetriesPerRequest", "max_retries_per_request", "decode_responses"}


def url_of(connection: object) -> str:
    """Raises TypeError for what does not lead to one server with a user and a password."""
    if isinstance(connection, str):
        return connection
    if isinstance(connection, Mapping):
        return _from_options(connection)
    pool = getattr(connection, "connection_pool", None)
    options = getattr(pool, "connection_kwargs", None)
    if not isinstance(options, Mapping):
        raise TypeError(f"a URL, a dict of options or a redis-py client is needed, not {connection!r}")
    return _from_client(options, getattr(pool, "connection_class", None))


def is_postgres(url: str) -> bool:
    return url.startswith(("postgres://", "postgresql://"))


def _from_options(options: Mapping[str, Any]) -> str:
    unknown = sorted(set(options) - set(SPELLINGS) - NOT_NEEDED)
    if unknown:
        raise TypeError(f"unknown connection options: {', '.join(unknown)}; known: {', '.join(SPELLINGS)}")
    return _build({SPELLINGS[key]: value for key, value in options.items() if key in SPELLINGS})


def _from_client(options: Mapping[str, Any], connection_class: type | None) -> str:
    if options.get("credential_provider") is not None:
        raise TypeError("a redis-py client with a credential provider cannot be read; pass a Redis URL")
    known = {key: value for key, value in options.items() if key in SPELLINGS}
    if "host" not in known and "path" not in known:
        raise TypeError("this redis-py client does not name one server (Sentinel?); pass a Redis URL")
    classes = connection_class.__mro__ if connection_class else ()
    known["tls"] = any(each.__name__ == "SSLConnection" for each in classes)
    return _build({SPELLINGS[key]: value for key, value in known.items()})


def _build(options: Mapping[str, Any]) -> str:
    # By identity: ssl.CERT_NONE equals False.
    given = {key: _text(value) for key, value in options.items() if value is not None and value is not False}
    login = ""
    if given.get("username") or given.get("password"):
        login = f"{quote(given.get('username', ''), safe='')}:{quote(given.get('password', ''), safe='')}@"
    query: dict[str, str] = {key: given[key] for key in ("ssl_cert_reqs", "ssl_ca_certs") if key in given}
    if "path" in given:
        return f"unix://{login}{quote(given['path'])}?{urlencode(query | {'db': given.get('db', '0')})}"
    host = given.get("host", "localhost")
    place = f"[{host}]" if ":" in host else host
    scheme = "rediss" if "tls" in given else "redis"
    url = f"{scheme}://{login}{place}:{given.get('port', '6379')}/{given.get('db', '0')}"
    return f"{url}?{urlencode(query)}" if query else url


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode()
    name = getattr(value, "name", None)  # ssl.CERT_NONE and its siblings
    if isinstance(name, str) and name.startswith("CERT_"):
        return name.removeprefix("CERT_").lower()
    return str(value)
