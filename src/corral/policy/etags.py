"""Entity tags: what two readers of a thing compare to learn whether they saw the same."""

import hashlib

_WEAK = "W/"


def etag_of(body: bytes) -> str:
    """A strong tag: other bytes, another tag."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def has_etag(header: str, etag: str, *, weak: bool = False) -> bool:
    """Whether `etag` is among those of an `If-Match`, or with `weak` of an `If-None-Match` (RFC 9110, 8.8.3.2)."""
    if header.strip() == "*":
        return True
    given = (tag.strip() for tag in header.split(","))
    return any(etag == (tag.removeprefix(_WEAK) if weak else tag) for tag in given)
