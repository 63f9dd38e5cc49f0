"""Requests, made ready once so that sending one is joining three pieces of bytes."""

import re
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import SplitResult, quote, unquote_to_bytes, urlsplit

import msgspec

from corral.model.errors import InvalidInput

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
FORBIDDEN_VALUE = re.compile(r"[\r\n\0]")
FORBIDDEN_METHODS = {"HEAD", "CONNECT"}
OWN_HEADERS = {"content-length", "transfer-encoding"}
PORTS = {"http": 80, "https": 443}
URL_SAFE = "%/:=&?~!$,;'()*+@|[]-._"


class Origin(msgspec.Struct, frozen=True):
    """Where connections lead. `key` tells origins apart; `authority` is `host:port`, for people."""

    scheme: str
    host: str
    port: int
    authority: str
    key: str


class Prepared(msgspec.Struct, frozen=True):
    """A request without its body. `head` lacks the content length and the empty line."""

    method: str
    url: str
    headers: dict[str, str]
    origin: Origin
    head: bytes

    def wire(self, body: bytes) -> bytes:
        if not body and self.method == "GET":
            return self.head + b"\r\n"
        return b"%bcontent-length: %d\r\n\r\n%b" % (self.head, len(body), body)


def prepare(method: str, url: str, headers: Mapping[str, str]) -> Prepared:
    """Check a request and write its head.

    Host, User-Agent and Accept are added unless given; credentials in the URL become Basic authorization
    unless there is an Authorization header. Content-Length and Transfer-Encoding are always the client's own.
    Raises InvalidInput for what cannot be put on the wire.
    """
    if not TOKEN.fullmatch(method) or method in FORBIDDEN_METHODS:
        raise InvalidInput(f"Invalid HTTP method {method}")
    parts = _split(url)
    origin = _origin(parts, url)
    lines = {"host": f"host: {_host(origin)}", "user-agent": "user-agent: corral", "accept": "accept: */*"}
    if parts.username is not None:
        lines["authorization"] = f"authorization: {_basic(parts)}"
    lines.update((name.lower(), _line(name, value)) for name, value in headers.items())
    kept = [line for name, line in lines.items() if name not in OWN_HEADERS]
    head = "\r\n".join([f"{method} {_target(parts)} HTTP/1.1", *kept, ""])
    return Prepared(method, url, dict(headers), origin, head.encode("latin-1"))


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        parts.port  # noqa: B018 - the property checks the number
    except ValueError:
        raise InvalidInput(f"Invalid URL {url}") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise InvalidInput(f"Invalid URL {url}")
    return parts


def _origin(parts: SplitResult, url: str) -> Origin:
    try:
        host = _ascii_host(parts.hostname or "")
    except UnicodeError:
        raise InvalidInput(f"Invalid URL {url}") from None
    port = PORTS[parts.scheme] if parts.port is None else parts.port
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return Origin(parts.scheme, host, port, authority, f"{parts.scheme}://{authority}")


def _ascii_host(host: str) -> str:
    name = host if host.isascii() else host.encode("idna").decode("ascii")
    if not name.isprintable() or " " in name:
        raise UnicodeError
    return name


def _host(origin: Origin) -> str:
    if origin.port == PORTS[origin.scheme]:
        return origin.authority.rpartition(":")[0]
    return origin.authority


def _target(parts: SplitResult) -> str:
    path = quote(parts.path, safe=URL_SAFE) or "/"
    return f"{path}?{quote(parts.query, safe=URL_SAFE)}" if parts.query else path


def _basic(parts: SplitResult) -> str:
    pair = unquote_to_bytes(parts.username or "") + b":" + unquote_to_bytes(parts.password or "")
    return "Basic " + b64encode(pair).decode("ascii")


def _line(name: str, value: str) -> str:
    value = value.strip(" \t")
    if not TOKEN.fullmatch(name):
        raise InvalidInput(f"Invalid header name {name!r}")
    if FORBIDDEN_VALUE.search(value) or not _is_latin1(value):
        raise InvalidInput(f"Invalid value for header {name}")
    return f"{name}: {value}"


def _is_latin1(value: str) -> bool:
    return not value or max(value) <= "\xff"
