"""Who may call: bearer tokens, and where a WebSocket may carry one."""

import hashlib
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qs

_SCHEME = "Bearer "


class Tokens:
    """The accepted tokens, kept as digests: looking one up takes as long for a near miss as for a wild guess."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._digests = frozenset(_digest(token) for token in tokens)
        self._known: set[str] = set()

    def accept(self, token: str | None) -> bool:
        """False for none at all, and for everything when no token is configured."""
        if token is None or token in self._known:
            return token is not None
        if _digest(token) not in self._digests:
            return False
        self._known.add(token)  # found by its keyed hash from now on, so a near miss still tells nothing
        return True


def bearer(headers: Mapping[str, str]) -> str | None:
    """The text after the first `Bearer ` of the Authorization header, as bullmq-proxy reads it."""
    header = headers.get("authorization")
    if header is None:
        return None
    _, found, token = header.partition(_SCHEME)
    return token.rstrip(" \t") if found else None  # space after its value is not part of a header


def socket_token(headers: Mapping[str, str], query: str) -> str | None:
    """A WebSocket's token: `?token=`, `?authKey=` or the header, in this order."""
    if query:
        given = parse_qs(query)
        for name in ("token", "authKey"):
            if name in given:
                return given[name][0]
    return bearer(headers)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
