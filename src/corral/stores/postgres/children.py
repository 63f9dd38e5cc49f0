"""`ChildStore` on Postgres."""

from collections.abc import Sequence
from typing import Any

import msgspec

from corral.policy.places import decode_place, encode_place
from corral.store.children import CHILD_KINDS, ChildKind, ChildPage
from corral.stores.postgres.database import Database, Row
from corral.stores.postgres.job_details import not_found
from corral.stores.postgres.names import Names

_STATUS: dict[ChildKind, str] = {
    "processed": "processed",
    "unprocessed": "pending",
    "ignored": "ignored",
    "failed": "failed",
}
assert tuple(_STATUS) == CHILD_KINDS


class _Place(msgspec.Struct, frozen=True):
    """The last child shown of each kind; a kind that is not named is through."""

    after: dict[ChildKind, str]


class PostgresChildren:
    """Fulfils `store.children.ChildStore`. Pages are in the order of the names."""

    def __init__(self, database: Database, names: Names) -> None:
        self._database = database
        self._names = names

    async def values(self, queue: str, job_id: str) -> dict[str, msgspec.Raw]:
        return self._values(await self._all(queue, job_id, "processed"))

    async def ignored_failures(self, queue: str, job_id: str) -> dict[str, str]:
        return self._reasons(await self._all(queue, job_id, "ignored"))

    async def counts(self, queue: str, job_id: str, kinds: Sequence[ChildKind]) -> dict[str, int]:
        row = await self._database.row("count_children", queue, job_id, repeat=True)
        if row is None:
            raise not_found(job_id)
        return {kind: row[kind] for kind in kinds}

    async def page(
        self, queue: str, job_id: str, kinds: Sequence[ChildKind], cursor: str | None, limit: int
    ) -> ChildPage:
        place = dict.fromkeys(kinds, "") if cursor is None else decode_place(cursor, _Place).after
        wanted = [_STATUS[kind] for kind in place]
        args = (queue, job_id, wanted, list(place.values()), limit)
        rows = await self._database.rows("page_children", *args, repeat=True)
        if wanted and not rows:
            raise not_found(job_id)
        shapes = {
            "processed": self._values, "unprocessed": self._keys, "ignored": self._reasons, "failed": self._keys,
        }  # fmt: skip
        found: dict[str, Any] = {}
        left: dict[ChildKind, str] = {}
        for kind in place:
            of_kind = [row for row in rows if row["kind"] == _STATUS[kind] and row["child_key"] is not None]
            found[kind] = shapes[kind](of_kind)
            if len(of_kind) == limit:
                left[kind] = of_kind[-1]["child_key"]
        return ChildPage(**found, cursor=encode_place(_Place(left)) if left else None)

    async def _all(self, queue: str, job_id: str, status: str) -> list[Row]:
        rows = await self._database.rows("children", queue, job_id, status, repeat=True)
        if not rows:
            raise not_found(job_id)
        return [row for row in rows if row["child_key"] is not None]

    def _values(self, rows: list[Row]) -> dict[str, msgspec.Raw]:
        return {self._names.outward(row["child_key"]): msgspec.Raw((row["value"] or "null").encode()) for row in rows}

    def _reasons(self, rows: list[Row]) -> dict[str, str]:
        return {self._names.outward(row["child_key"]): row["plain"] or "" for row in rows}

    def _keys(self, rows: list[Row]) -> list[str]:
        return [self._names.outward(row["child_key"]) for row in rows]
