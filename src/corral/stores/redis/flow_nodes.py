"""Reading the jobs of a flow, a level in one write."""

import asyncio
from collections.abc import Sequence
from typing import Any

from corral.model.errors import StoreError
from corral.model.flow import FlowNode
from corral.stores.redis.codec import fields, stored_job
from corral.stores.redis.connection import Connection

_ASKED = 5


async def read_nodes(connection: Connection, prefix: str, names: Sequence[str], breadth: int) -> list[FlowNode | None]:
    """Each job with up to `breadth` children; None for each that is gone."""
    commands: list[tuple[str | int, ...]] = []
    for name in names:
        commands += (
            ("HGETALL", name),
            ("HSCAN", f"{name}:processed", 0, "COUNT", breadth),
            ("SSCAN", f"{name}:dependencies", 0, "COUNT", breadth),
            ("ZRANGE", f"{name}:unsuccessful", 0, breadth),
            ("HSCAN", f"{name}:failed", 0, "COUNT", breadth),
        )
    sent = [connection.send(*command, repeat=True) for command in commands]
    replies = await asyncio.gather(*sent, return_exceptions=True)
    return [
        _node(prefix, name, replies[at : at + _ASKED], breadth)
        for name, at in zip(names, range(0, len(replies), _ASKED), strict=True)
    ]


def _node(prefix: str, name: str, replies: list[Any], breadth: int) -> FlowNode | None:
    for reply in replies:
        if isinstance(reply, StoreError):
            return None  # WRONGTYPE: the name is that of another key
        if isinstance(reply, BaseException):
            raise reply
    stored, processed, unprocessed, failed, ignored = replies
    found = fields(stored)
    if b"timestamp" not in found:
        return None
    queue, job_id = split_name(prefix, name)
    children = [*processed[1][::2], *unprocessed[1], *failed, *ignored[1][::2]]
    more = len(children) > breadth or any(scan[0] != b"0" for scan in (processed, unprocessed, ignored))
    shown = [child.decode(errors="replace") for child in children[:breadth]]
    return FlowNode(stored_job(queue, job_id, found), shown, more)


def split_name(prefix: str, name: str) -> tuple[str, str]:
    """`prefix:queue:id` as `prefix:queue` and `id`. The id may hold colons when the prefix is the known one."""
    if name.startswith(f"{prefix}:"):
        queue, _, job_id = name[len(prefix) + 1 :].partition(":")
        return f"{prefix}:{queue}", job_id
    qualified, _, job_id = name.rpartition(":")
    return qualified, job_id
