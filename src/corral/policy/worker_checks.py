"""What a registration may hold: checks in bullmq-proxy's order and with its texts; the first failure wins."""

import re
from collections.abc import Set
from typing import Any
from urllib.parse import urlsplit

from corral.model.errors import InvalidInput
from corral.policy.javascript import is_number, is_whole, member, text, truthy, unexpected
from corral.policy.retention import is_retention

MAX_CONCURRENCY = 10_000
MAX_BATCH = 1_000
MAX_BATCH_WAIT = 60_000  # ms

_METHODS = frozenset({"POST", "PUT", "PATCH"})
_TARGET = frozenset({"url", "method", "headers", "timeout"})
_OPTIONS = frozenset({"concurrency", "removeOnComplete", "removeOnFail", "limiter", "maxStalledCount", "batch"})
_BATCH = frozenset({"size", "maxWait"})
_RETENTION = frozenset({"count", "age"})
_MAX_TIMEOUT = 2**31 - 1  # JavaScript's timers fire at once for more
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def require(given: Any, *names: str) -> None:
    """Refuse what lacks one of the fields; strings, numbers and arrays lack them all."""
    for name in names:
        if not truthy(member(given, name)):
            raise InvalidInput(f"{name} is required")


def refuse_unexpected(given: Any, allowed: Set[str], prefix: str = "") -> None:
    """Refuse the first field that is not allowed."""
    field = unexpected(given, allowed)
    if field is not None:
        raise InvalidInput(f"Invalid field: {prefix}{text(field)}")


def check_target(target: Any) -> None:
    """The `endpoint` of a registration, but for its headers. Raises InvalidInput."""
    require(target, "url", "method")
    if not _is_web_address(target["url"]):
        raise InvalidInput("Invalid URL")
    method = target["method"]
    if not isinstance(method, str) or method.upper() not in _METHODS:
        raise InvalidInput(f"Invalid HTTP method {text(method)}")
    refuse_unexpected(target, _TARGET)
    timeout = target.get("timeout")
    if truthy(timeout) and not is_whole(timeout, 1, _MAX_TIMEOUT):
        raise InvalidInput("Invalid timeout")


def check_headers(headers: Any) -> None:
    """Not checked by bullmq-proxy, so this comes last. Raises InvalidInput."""
    if truthy(headers) and not (isinstance(headers, dict) and all(map(_is_header, headers.items()))):
        raise InvalidInput("Invalid headers")


def check_options(opts: Any) -> None:
    """Any truthy JSON value; what has no fields, like 5 or `[]`, passes. Raises InvalidInput."""
    refuse_unexpected(opts, _OPTIONS)
    if not isinstance(opts, dict):
        return
    limiter = opts.get("limiter")
    if truthy(limiter):
        for name in ("max", "duration"):
            if not is_whole(member(limiter, name), 1):
                raise InvalidInput(f"Invalid limiter.{name}")
    if truthy(opts.get("batch")):
        _check_batch(opts["batch"])
    _check_count(opts, "maxStalledCount", 0)
    _check_count(opts, "concurrency", 1, MAX_CONCURRENCY)
    for name in ("removeOnComplete", "removeOnFail"):
        if truthy(opts.get(name)):
            _check_retention(name, opts[name])


def _check_batch(batch: Any) -> None:
    refuse_unexpected(batch, _BATCH, "batch.")
    if not isinstance(batch, dict) or not is_whole(batch.get("size"), 1, MAX_BATCH):
        raise InvalidInput("Invalid batch.size")
    if batch.get("maxWait") is not None and not is_whole(batch["maxWait"], 0, MAX_BATCH_WAIT):
        raise InvalidInput("Invalid batch.maxWait")


def _check_count(opts: dict[str, Any], name: str, *bounds: int) -> None:
    """Unlike bullmq-proxy this refuses what its own workers cannot start with, such as a concurrency of 0."""
    value = opts.get(name)
    if value is not None and not is_whole(value, *bounds):
        raise InvalidInput(f"Invalid {name}")


def _check_retention(name: str, value: Any) -> None:
    refuse_unexpected(value, _RETENTION, f"{name}.")
    for field in ("count", "age"):
        given = member(value, field)
        if truthy(given) and not is_whole(given, 1):
            raise InvalidInput(f"Invalid {name}.{field}")
    if not is_retention(value):
        raise InvalidInput(f"Invalid {name}")


def _is_web_address(url: Any) -> bool:
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port  # the property refuses a port out of range
        if host and not host.isascii():
            host = host.encode("idna").decode()
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and str(host).isprintable() and " " not in str(host)


def _is_header(header: tuple[str, Any]) -> bool:
    """Numbers and booleans pass, as JavaScript sends them as text."""
    name, value = header
    if isinstance(value, str):
        return bool(_HEADER_NAME.fullmatch(name)) and bool(_HEADER_VALUE.fullmatch(value))
    return bool(_HEADER_NAME.fullmatch(name)) and (isinstance(value, bool) or is_number(value))
