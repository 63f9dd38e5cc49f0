"""Text of a setting to its value. Every parser raises `ValueError` whose message says what is allowed."""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from corral.model.errors import InvalidInput
from corral.policy.targets import Allowed, allowed_of
from corral.stores.postgres.schema import Schema
from corral.stores.redis.address import Address

UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)
YES, NO = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


def text(value: str) -> str:
    return value


def header(value: str) -> str:
    """The name of an HTTP header."""
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", value):
        raise ValueError("the name of a header, such as x-api-key")
    return value


def whole(lowest: int, highest: int | None = None) -> Callable[[str], int]:
    """A decimal number within the bounds, both included."""
    span = f"of at least {lowest}" if highest is None else f"from {lowest} to {highest}"

    def parse(value: str) -> int:
        number = int(value) if re.fullmatch(r"-?[0-9]{1,18}", value) else None
        if number is None or number < lowest or (highest is not None and number > highest):
            raise ValueError(f"a whole number {span}")
        return number

    return parse


def seconds(value: str) -> float:
    """A number of seconds, fractions allowed, up to a day."""
    number = float(value) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", value) else -1.0
    if not 0 <= number <= 86_400:
        raise ValueError("a number of seconds from 0 to 86400")
    return number


def size(value: str) -> int:
    """Bytes: a number, or one with a unit (`10mb` is 10,000,000; `10MiB` is 10,485,760)."""
    match = SIZE.fullmatch(value.strip())
    unit = UNITS.get(match[2].lower()) if match else None
    if match is None or unit is None or float(match[1]) * unit < 1:
        raise ValueError("a number of bytes, or one with a unit such as 512kb, 10mb or 10MiB")
    return int(float(match[1]) * unit)


def choice(*allowed: str, **also: str) -> Callable[[str], str]:
    """One of the words, in any case; `also` gives other spellings."""

    def parse(value: str) -> str:
        word = value.strip().lower()
        word = also.get(word, word)
        if word not in allowed:
            raise ValueError(f"{', '.join(allowed[:-1])} or {allowed[-1]}")
        return word

    return parse


def switch(value: str) -> bool:
    word = value.strip().lower()
    if word not in YES | NO:
        raise ValueError("true or false")
    return word in YES


def literal_true(value: str) -> bool:
    """On for the word `true` alone, as the variables of bullmq-proxy are read."""
    return value == "true"


def tokens(value: str) -> tuple[str, ...]:
    """Split on commas; each trimmed, empty ones dropped."""
    found = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    if not all(part.isprintable() and part.isascii() for part in found):
        raise ValueError("tokens of printable ASCII characters, separated by commas")
    return found


def targets(value: str) -> Allowed:
    """Networks and names, separated by commas; the word none is no one."""
    texts = [part.strip() for part in value.split(",") if part.strip()]
    return Allowed() if texts == ["none"] else allowed_of(texts)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def directory(value: str) -> Path:
    return Path(value).expanduser()


def redis_url(value: str) -> str:
    """The text itself, once the store can read it."""
    try:
        Address.from_url(value)
    except InvalidInput:
        raise ValueError("redis://[user:password@]host[:port][/database], rediss://... (TLS) or unix:///path") from None
    return value


def database_url(value: str) -> str:
    """The text itself, if it is a URL of Postgres."""
    try:
        parts = urlsplit(value)
        fits = parts.scheme in ("postgres", "postgresql") and not parts.fragment and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("postgres://[user[:password]@]host[:port]/database or postgresql://...")
    return value


def schema(value: str) -> str:
    try:
        return Schema.named(value).name
    except InvalidInput as why:
        raise ValueError(str(why).partition(": ")[2]) from None
