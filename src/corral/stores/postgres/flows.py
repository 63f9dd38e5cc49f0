"""`FlowStore` on Postgres."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from corral.model.flow import FlowJob, FlowNode
from corral.policy.refusals import refusal
from corral.stores.postgres.adding import entry
from corral.stores.postgres.codec import stored_job
from corral.stores.postgres.database import Database
from corral.stores.postgres.failures import about
from corral.stores.postgres.job_details import not_found
from corral.stores.postgres.names import Names

_encode = msgspec.json.Encoder().encode
_Key = tuple[str, str]
_Part = tuple[list[dict[str, Any]], _Key | None]


class PostgresFlows:
    """Fulfils `store.flows.FlowStore`, in one round trip each."""

    def __init__(self, database: Database, names: Names, stored_in: Callable[[str], None]) -> None:
        self._database = database
        self._names = names
        self._stored_in = stored_in

    async def add(self, jobs: Sequence[FlowJob], now: int) -> list[str]:
        for queue in {one.queue for one in jobs}:
            self._stored_in(queue)
        parts = self._parts(jobs, now)
        texts = [_encode(entries).decode() for entries, _ in parts]
        held = [key or (None, None) for _, key in parts]
        with about("", "addJob"):
            rows = await self._database.rows(
                "add_flow", texts, [queue for queue, _ in held], [id for _, id in held], now
            )
        return [row[0] for row in rows]

    async def nodes(self, names: Sequence[str], breadth: int) -> list[FlowNode | None]:
        queues, ids = [], []
        for name in names:
            queue, _, job_id = self._names.inward(name).partition(":")
            queues.append(queue)
            ids.append(job_id)
        rows = await self._database.rows("flow_nodes", queues, ids, breadth + 1, repeat=True)
        found: list[FlowNode | None] = [None] * len(names)
        for row in rows:
            at = row["place"] - 1
            children = [self._names.outward(child) for child in row["children"] or ()]
            job = stored_job(self._names, queues[at], row)
            found[at] = FlowNode(job, children[:breadth], len(children) > breadth)
        return found

    async def remove_unprocessed_children(self, queue: str, job_id: str) -> None:
        if not await self._database.value("remove_unprocessed_children", queue, job_id, repeat=True):
            raise not_found(job_id)

    async def remove_child_dependency(self, queue: str, job_id: str) -> bool:
        code: int = await self._database.value("remove_child_dependency", queue, job_id)
        if code < 0:
            raise not_found(job_id) if code == -1 else refusal(code, job_id, "removeChildDependency")
        return code == 0

    def _parts(self, jobs: Sequence[FlowJob], now: int) -> list[_Part]:
        """The jobs, parted after each one that has to be held until all of its children are in: one of them has an
        id of its own, so that it may have completed before. Those outside of the flow are held first."""
        entries = [
            entry(self._names, one.queue, one.job, now) | {"id": one.job_id, "addToWaitingChildren": one.has_children}
            for one in jobs
        ]
        held = {_above(e) for e, one in zip(entries, jobs, strict=True) if one.custom} - {None}
        inside = {_own(e) for e in entries}
        parts: list[_Part] = [([], key) for key in held if key not in inside]
        part: list[dict[str, Any]] = []
        for e in entries:
            part.append(e)
            if _own(e) in held:
                parts.append((part, _own(e)))
                part = []
        return [*parts, (part, None)]


def _own(added: dict[str, Any]) -> _Key:
    return added["queue"], added["id"]


def _above(added: dict[str, Any]) -> _Key | None:
    return (added["parentQueue"], added["parentId"]) if added["parentId"] else None
