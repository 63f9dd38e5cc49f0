"""Entity tags: what two readers of a thing compare to learn whether they saw the same."""

import hashlib

_WEAK = "W/"


def etag_of(body: bytes, revision: str = "") -> str:
    """A strong tag: other bytes, another tag. `revision` of the thing that is shown can be told from it again."""
    digest = hashlib.blake2b(body, digest_size=12).hexdigest()
    return f'"{revision}-{digest}"' if revision else f'"{digest}"'


def has_etag(header: str, etag: str, *, weak: bool = False) -> bool:
    """Whether `etag` is among those of an `If-Match`, or with `weak` of an `If-None-Match` (RFC 9110, 8.8.3.2)."""
    if header.strip() == "*":
        return True
    given = (tag.strip() for tag in header.split(","))
    return any(etag == (tag.removeprefix(_WEAK) if weak else tag) for tag in given)


def has_revision(header: str, revision: str) -> bool:
    """Whether a tag of an `If-Match` was made for the revision, whatever was shown of it."""
    return any(tag.strip().startswith(f'"{revision}-') for tag in header.split(","))
