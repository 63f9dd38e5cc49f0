"""Where an engine is and how to log in, and how a URL says so."""

import re
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import msgspec

from corral.model.errors import InvalidInput

_FORMS = "use redis://[user:password@]host[:port][/db], rediss://... or unix:///path[?db=0]"
_ENCODE = "special characters in a user name or password must be percent-encoded"


class Address(msgspec.Struct, frozen=True):
    """One engine. `path` is a unix socket and wins over `host` and `port`; the text form has no password."""

    host: str = "localhost"
    port: int = 6379
    path: str | None = None
    username: str | None = None
    password: str | None = None
    db: int = 0
    tls: bool = False
    tls_verify: bool = True
    tls_ca: str | None = None
    """File of accepted certificate authorities; the system's when None."""

    @classmethod
    def from_url(cls, text: str) -> "Address":
        """Read `redis://`, `rediss://` (TLS) or `unix://`. Raises InvalidInput, which never shows a password.

        Of the query, `db`, `ssl_cert_reqs=none` and `ssl_ca_certs` are read, as redis-py names them.
        """
        try:
            url = urlsplit(text.strip())
            port = url.port
        except ValueError:
            raise InvalidInput(f"the Redis URL cannot be read: {_FORMS}; {_ENCODE}") from None
        if url.scheme not in ("redis", "rediss", "unix"):
            raise InvalidInput(f"the Redis URL has an unknown scheme: {_FORMS}")
        if url.fragment:
            raise InvalidInput(f"the Redis URL contains a '#': {_ENCODE}")
        query = {key: values[-1] for key, values in parse_qs(url.query).items()}
        unix = url.scheme == "unix"
        return cls(
            host=_decode(url.hostname) or "localhost",
            port=6379 if port is None else port,
            path=_socket_path(url) if unix else None,
            username=_decode(url.username),
            password=_decode(url.password),
            db=_db(query.get("db") or ("" if unix else url.path.strip("/"))),
            tls=url.scheme == "rediss",
            tls_verify=query.get("ssl_cert_reqs", "required").lower() != "none",
            tls_ca=query.get("ssl_ca_certs"),
        )

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix:{self.path}/{self.db}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{self.db}"

    def __repr__(self) -> str:
        return f"Address({self})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        return [("at", str(self))]


def _decode(text: str | None) -> str | None:
    return unquote(text) if text else None


def _socket_path(url: SplitResult) -> str:
    if url.hostname:
        raise InvalidInput("the Redis URL names a host before the socket path: use unix:///path")
    if url.path in ("", "/"):
        raise InvalidInput("the Redis URL has no socket path: use unix:///path")
    return unquote(url.path)


def _db(text: str) -> int:
    if not text:
        return 0
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise InvalidInput(f"the database in the Redis URL is not a number: {_FORMS}; {_ENCODE}")
    return int(text)
