"""`ChildStore` on Redis."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import msgspec

from corral.policy.json_body import json_or_text
from corral.policy.places import decode_place, encode_place
from corral.store.children import CHILD_KINDS, ChildKind, ChildPage
from corral.stores.redis.codec import fields
from corral.stores.redis.connection import Connection
from corral.stores.redis.job_ids import of_job
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.run import run
from corral.stores.redis.scripts import official

_Digits = Annotated[str, msgspec.Meta(pattern="^[0-9]{1,20}$")]


class _Place(msgspec.Struct, frozen=True):
    """How far each kind has been scanned; a kind that is not named is through."""

    scanned: dict[ChildKind, _Digits]


class RedisChildren:
    """Fulfils `store.children.ChildStore`."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys

    async def values(self, queue: str, job_id: str) -> dict[str, msgspec.Raw]:
        return {child: json_or_text(value) for child, value in await self._all(queue, job_id, "processed")}

    async def ignored_failures(self, queue: str, job_id: str) -> dict[str, str]:
        return {child: _text(reason) for child, reason in await self._all(queue, job_id, "failed")}

    async def counts(self, queue: str, job_id: str, kinds: Sequence[ChildKind]) -> dict[str, int]:
        key = self._keys.of(queue).job(job_id)
        names = tuple(f"{key}:{name}" for name in ("processed", "dependencies", "failed", "unsuccessful"))
        asked = run(self._connection, official("getDependencyCounts"), names, *kinds, repeat=True)
        (found,) = await of_job(self._connection, key, job_id, asked)
        return dict(zip(kinds, found, strict=True))

    async def page(
        self, queue: str, job_id: str, kinds: Sequence[ChildKind], cursor: str | None, limit: int
    ) -> ChildPage:
        place = dict.fromkeys(kinds, "0") if cursor is None else decode_place(cursor, _Place).scanned
        key = self._keys.of(queue).job(job_id)
        scanned = [kind for kind in _STORED if kind in place]
        asked = [self._scan(key, kind, place[kind], limit) for kind in scanned]
        scans = await of_job(self._connection, key, job_id, *asked)
        found: dict[str, Any] = {}
        left: dict[ChildKind, str] = {}
        for kind, (after, members) in zip(scanned, scans, strict=True):
            found[kind] = _STORED[kind][2](members)
            if after != b"0":
                left[kind] = after.decode()
        return ChildPage(**found, cursor=encode_place(_Place(left)) if left else None)

    def _scan(self, key: str, kind: ChildKind, after: str, limit: int) -> Awaitable[Any]:
        name, command, _ = _STORED[kind]
        return self._connection.send(command, f"{key}:{name}", after, "COUNT", limit, repeat=True)

    async def _all(self, queue: str, job_id: str, name: str) -> list[tuple[str, bytes]]:
        key = self._keys.of(queue).job(job_id)
        asked = self._connection.send("HGETALL", f"{key}:{name}", repeat=True)
        (flat,) = await of_job(self._connection, key, job_id, asked)
        return [(_text(child), value) for child, value in fields(flat).items()]


def _values(members: list[bytes]) -> dict[str, msgspec.Raw]:
    return {_text(child): json_or_text(value) for child, value in fields(members).items()}


def _reasons(members: list[bytes]) -> dict[str, str]:
    return {_text(child): _text(reason) for child, reason in fields(members).items()}


def _names(members: list[bytes]) -> list[str]:
    return [_text(child) for child in members]


def _scored_names(members: list[bytes]) -> list[str]:
    return [_text(child) for child in members[::2]]


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")


_STORED: dict[ChildKind, tuple[str, str, Callable[[list[bytes]], Any]]] = {
    "processed": ("processed", "HSCAN", _values),
    "unprocessed": ("dependencies", "SSCAN", _names),
    "ignored": ("failed", "HSCAN", _reasons),
    "failed": ("unsuccessful", "ZSCAN", _scored_names),
}
assert tuple(_STORED) == CHILD_KINDS
